import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { openDiskBlobStore, type SweepResult, sweep } from '@custody/blob-store'
import { openSqliteLogReader } from '@custody/event-log'
import { extentReferences, findGarbage, projections } from '@custody/file-index'

const PAGE = 1000

/**
 * Removes orphans of any age from the data folder of a server that has ended, and says what it found: objects
 * without an event, and events without their object.
 */
export async function sweepDataFolder(dataDir: string): Promise<SweepResult> {
  return await withIndex(dataDir, async (reader) => {
    const store = await openDiskBlobStore({ folder: dataDir, newId: randomUUID })
    try {
      return await sweep({
        store,
        now: Date.now(),
        minAgeMs: 0,
        ...extentReferences(reader),
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
