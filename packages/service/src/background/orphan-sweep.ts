import { type SweepResult, sweep } from '@custody/blob-store'
import { findExtent, listExtents } from '@custody/file-index'
import type { ServiceEnvironment } from '../service-environment.ts'

const PAGE = 1000

export type OrphanSweepOptions = {
  /** Find, and remove nothing. Default false. */
  readonly dryRun?: boolean
  /** Remove more than the larger of 1 % and 20 objects. Default false. */
  readonly force?: boolean
  readonly signal?: AbortSignal
}

/** Looks for objects without an event, and for events without their object. */
export async function sweepOrphans(
  { log, blobs, clock }: Pick<ServiceEnvironment, 'log' | 'blobs' | 'clock'>,
  options: OrphanSweepOptions = {},
): Promise<SweepResult> {
  const { reader } = log
  return await sweep({
    ...options,
    store: blobs,
    now: clock(),
    async isReferenced(ids) {
      const found = new Set<string>()
      for (const id of ids) if (await findExtent(reader.sql, id)) found.add(id)
      return found
    },
    async *referenced() {
      let after = ''
      for (;;) {
        const page = await listExtents(reader.sql, { place: 'disk', after, limit: PAGE })
        for (const { id } of page) yield id
        after = page.at(-1)?.id ?? after
        if (page.length < PAGE) return
      }
    },
  })
}
