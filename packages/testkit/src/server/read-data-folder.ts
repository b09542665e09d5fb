import { globSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { openSqliteLogReader, type StoredEvent } from '@custody/event-log'

/** Every event of a data folder, in order; beside a server that writes, or when it has ended. */
export async function readEvents(dataDir: string): Promise<StoredEvent[]> {
  const reader = await openSqliteLogReader({
    path: join(dataDir, 'custody.db'),
    driver: 'node',
    projections: [],
  })
  try {
    const events: StoredEvent[] = []
    for (;;) {
      const page = await reader.read({ from: events.at(-1)?.record.position ?? 0 })
      events.push(...page)
      if (page.length === 0) return events
    }
  } finally {
    await reader.close()
  }
}

/** Where the numbers of the log are not gapless: positions, `seq` in a project, `version` in a stream. */
export function gapsOf(events: readonly StoredEvent[]): string[] {
  const gaps: string[] = []
  const last = new Map<string, number>()
  const expectNext = (what: string, found: number) => {
    const expected = (last.get(what) ?? 0) + 1
    if (found !== expected) gaps.push(`${what}: ${found} in place of ${expected}`)
    last.set(what, found)
  }
  for (const { record } of events) {
    expectNext('position', record.position)
    expectNext(`seq of ${record.project}`, record.seq)
    expectNext(`version of ${record.stream}`, record.version)
  }
  return gaps
}

/** Names of the files that are staged: uploads under way, or what they left behind. */
export function stagedFiles(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'staging'))
}

/** Ids of the extents that lie on disk. */
export function storedBlobs(dataDir: string): string[] {
  return globSync('*/*', { cwd: join(dataDir, 'blobs') }).map((path) => basename(path))
}
