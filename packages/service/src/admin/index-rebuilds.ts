import { setTimeout as sleep } from 'node:timers/promises'
import { SYSTEM_PROJECT } from '@custody/domain'
import type { AdminContext, ProjectionView } from '../admin-types.ts'
import type { Appender } from '../appender.ts'
import type { ServiceEnvironment } from '../service-environment.ts'

/** How often a rebuild is looked at, in milliseconds. */
const EVERY_MS = 50

/** Projections, as an operator sees and rebuilds them. */
export interface IndexRebuilds {
  list(): Promise<readonly ProjectionView[]>
  /** @throws CustodyError `projection_not_found` */
  start(projection: string, context: AdminContext): Promise<void>
}

export function createIndexRebuilds(
  { log, logger }: Pick<ServiceEnvironment, 'log' | 'logger'>,
  appender: Pick<Appender, 'append'>,
): IndexRebuilds {
  const watched = new Set<string>()

  const generationOf = async (projection: string) =>
    (await log.reader.head()).projections[projection]

  /**
   * A generation goes live with an append, and an idle log has none: the event that says who had it built is one. Where
   * another append came first it says so all the same.
   */
  async function finish(
    projection: string,
    before: string | undefined,
    { actor, requestId }: AdminContext,
  ): Promise<void> {
    for (;;) {
      await sleep(EVERY_MS, undefined, { ref: false })
      const states = await log.rebuilds()
      const state = states.find((one) => one.projection === projection)
      if (state && !state.isReady) continue
      // What was given up is told by the log.
      if (!state && (await generationOf(projection)) === before) return
      await appender.append(
        { type: 'RecordRebuild', projection },
        { project: SYSTEM_PROJECT, actor, requestId },
      )
      return
    }
  }

  return {
    async list() {
      const states = await log.rebuilds()
      const { projections, position } = await log.reader.head()
      return Object.entries(projections).map(([name, generation]) => {
        const state = states.find(({ projection }) => projection === name)
        return {
          name,
          generation,
          state: state ? 'rebuilding' : 'live',
          events: state
            ? { done: state.done, of: state.of }
            : { done: position, of: position },
          restarts: state?.restarts ?? 0,
        }
      })
    },
    async start(projection, context) {
      const before = await generationOf(projection)
      await log.rebuild(projection)
      if (watched.has(projection)) return
      watched.add(projection)
      finish(projection, before, context)
        .catch((error: unknown) => {
          logger.warn({ err: error, projection }, 'a rebuild was not seen to its end')
        })
        .finally(() => watched.delete(projection))
    },
  }
}
