import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { openDiskBlobStore, type SweepResult, sweep } from '@custody/blob-store'
import { openSqliteLogReader } from '@custody/event-log'
import { findExtent, findGarbage, listExtents, projections } from '@custody/file-index'

const PAGE = 1000

/**
 * Removes orphans of any age from the data folder of a server that has ended, and says what it found: objects
 * without an event, and events without their object.
 */
export async function sweepDataFolder(dataDir: string): Promise<SweepResult> {
  return await withIndex(dataDir, async ({ sql }) => {
    const store = await openDiskBlobStore({ folder: dataDir, newId: randomUUID })
    try {
      return await sweep({
        store,
        now: Date.now(),
        minAgeMs: 0,
        async isReferenced(ids) {
          const found = new Set<string>()
          for (const id of ids) if (await findExtent(sql, id)) found.add(id)
          return found
        },
        async *referenced() {
          for (let after = ''; ; ) {
            const page = await listExtents(sql, { place: 'disk', after, limit: PAGE })
            for (const { id } of page) yield id
            after = page.at(-1)?.id ?? after
            if (page.length < PAGE) return
          }
        },
      })
    } finally {
      await store.close()
    }
  })
}

/** Extents whose files have ended and whose bytes are still to be destroyed. */
export async function garbageOf(dataDir: string): Promise<number> {
  return await withIndex(
    dataDir,
    async ({ sql }) => (await findGarbage(sql, { after: '', limit: PAGE })).length,
  )
}

async function withIndex<T>(
  dataDir: string,
  work: (reader: Awaited<ReturnType<typeof openSqliteLogReader>>) => Promise<T>,
): Promise<T> {
  const path = join(dataDir, 'custody.db')
  const reader = await openSqliteLogReader({ path, driver: 'node', projections })
  try {
    return await work(reader)
  } finally {
    await reader.close()
  }
}
