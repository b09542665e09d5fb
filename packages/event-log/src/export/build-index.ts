import { readHead } from '../append/log-head.ts'
import type { LogModule } from '../log-module.ts'
import {
  createProjectionSet,
  liveGenerations,
  openProjections,
  physicalName,
} from '../projections/projection-set.ts'
import { readEvents } from '../read/read-events.ts'
import { toLogEvent } from '../read/stored-event.ts'
import type { LogLoader } from './log-loader.ts'

/**
 * Builds the index of a log that was loaded, under the generations that its last batch names. A projection that is
 * of another version today is left to the next start, which builds it.
 */
export async function buildIndex(
  { sql, transaction }: Pick<LogLoader, 'sql' | 'transaction'>,
  module: Pick<LogModule, 'projections' | 'upcast'>,
  options: {
    readonly onProgress?: (events: number, of: number) => void
    readonly signal?: AbortSignal
  } = {},
): Promise<void> {
  const head = await readHead(sql)
  const live = liveGenerations(module.projections, head.projections)
  const built = module.projections.filter(
    ({ name }) => head.projections[name] === live[name],
  )
  const set = createProjectionSet(sql, built)
  const table = (name: string) => (logical: string) =>
    physicalName(logical, live[name] ?? '')

  await transaction(async () => {
    for (const one of built) await one.create(sql, table(one.name))
  })
  for (let at = 0; at < head.position; ) {
    options.signal?.throwIfAborted()
    const page = await readEvents(sql, { from: at })
    if (page.length === 0) break
    await transaction(async () => {
      const batch = openProjections(set, head.projections)
      for (const stored of page) await batch.apply(toLogEvent(stored, module.upcast))
      await batch.flush()
    })
    at = page.at(-1)?.record.position ?? at
    options.onProgress?.(at, head.position)
  }
  await transaction(async () => {
    for (const one of built) await one.createIndexes(sql, table(one.name))
  })
}
