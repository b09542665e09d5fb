import type { Difference, ReplayDatabase } from '../engines/sqlite/replay-database.ts'
import type { LogModule, ProjectionBatch } from '../log-module.ts'
import { readEvents } from '../read/read-events.ts'
import { toLogEvent } from '../read/stored-event.ts'

/**
 * Events that one transaction of a replay takes, and one page; the source's snapshot is let go after each. With 1,000 of
 * them the states of a batch live long enough to be moved by the garbage collector, and a replay takes a fifth longer.
 */
const CHUNK = 250

/** What a replay has found. */
export type ReplayReport = {
  /** Events that were replayed. */
  readonly events: number
  /** The first row in which the index is not what the log says. */
  readonly difference: Difference | undefined
}

/**
 * Builds every projection again from the log alone and compares the tables row by row: the index is
 * always exactly what the log says. Works beside a server that writes.
 */
export async function replay(
  database: ReplayDatabase,
  module: Pick<LogModule, 'projections' | 'upcast'>,
  options: {
    readonly onProgress?: (events: number) => void
    readonly signal?: AbortSignal
  } = {},
): Promise<ReplayReport> {
  const { sql } = database
  let at = 0

  /** Applies up to `limit` events; resolves to whether the log went on beyond them. */
  async function applySome(limit: number): Promise<boolean> {
    const batches = module.projections.map((projection) => projection.open(sql))
    const byType = new Map<string, ProjectionBatch[]>()
    for (const [index, { types }] of module.projections.entries()) {
      const batch = batches[index]
      if (!batch) continue
      for (const type of types) byType.set(type, [...(byType.get(type) ?? []), batch])
    }
    let more = true
    for (let count = 0; more && count < limit; ) {
      options.signal?.throwIfAborted()
      const page = await readEvents(sql, { from: at, limit: CHUNK })
      for (const stored of page) {
        const event = toLogEvent(stored, module.upcast)
        for (const batch of byType.get(event.type) ?? []) {
          const applied = batch.apply(event)
          if (applied) await applied
        }
      }
      at = page.at(-1)?.record.position ?? at
      count += page.length
      more = page.length > 0
    }
    for (const batch of batches) await batch.flush()
    return more
  }

  while (await database.transaction(() => applySome(CHUNK))) options.onProgress?.(at)

  // What was appended meanwhile, and the comparison, in one snapshot of the source.
  const difference = await database.transaction(async () => {
    await applySome(Number.POSITIVE_INFINITY)
    for (const projection of module.projections) {
      const found = await database.compare(projection)
      if (found) return found
    }
    return undefined
  })
  return { events: at, difference }
}
