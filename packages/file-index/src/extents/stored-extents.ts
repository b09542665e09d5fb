import type { Sql } from '@custody/event-log'
import { isGarbage } from '../files/garbage.ts'
import { findExtent, listExtents } from './extents.ts'

const PAGE = 1000

/** Its `sql` is asked for each read: a rebuild may have put another index in place. */
type Reader = { readonly sql: Sql }

/** Extents on the disk, in the order of their ids, read page by page. */
export async function* storedExtents(
  reader: Reader,
): AsyncGenerator<{ readonly id: string; readonly stored_bytes: number }> {
  for (let after = ''; ; ) {
    const page = await listExtents(reader.sql, { place: 'disk', after, limit: PAGE })
    yield* page
    after = page.at(-1)?.id ?? after
    if (page.length < PAGE) return
  }
}

/** What a sweep of the blob store has to know of the extents that events promise. */
export function extentReferences(reader: Reader) {
  return {
    /** Those of these ids that are promised. */
    async isReferenced(ids: readonly string[]): Promise<ReadonlySet<string>> {
      const found = new Set<string>()
      for (const id of ids) if (await findExtent(reader.sql, id)) found.add(id)
      return found
    },
    /** Those of these ids that are promised, and do not wait to be destroyed. */
    async isNeeded(ids: readonly string[]): Promise<ReadonlySet<string>> {
      const found = new Set<string>()
      for (const id of ids) {
        const isOver = await isGarbage(reader.sql, id)
        if (!isOver && (await findExtent(reader.sql, id))) found.add(id)
      }
      return found
    },
    /** Every id that is promised. */
    async *referenced(): AsyncGenerator<string> {
      for await (const { id } of storedExtents(reader)) yield id
    },
  }
}
