import { setTimeout as delay } from 'node:timers/promises'
import type { AppendRequest } from './append/append-request.ts'
import type { SqliteDriverName } from './engines/sqlite/connection/sqlite-connection.ts'
import type { EventLog } from './event-log.ts'
import type { Projection } from './log-module.ts'
import { openSqliteLogReader } from './log-reader.ts'
import type { PurgeStep, RebuildState } from './log-writer.ts'
import { type LogThreadEvents, startLogThread } from './thread/log-thread-client.ts'
import type { Generations } from './thread/messages.ts'

/** Milliseconds after which a step of a purge is tried again. */
const OBSTACLE_MS = 20

export type SqliteEventLogOptions = {
  /** The database file. Created, with its first event, when it is not there; its folder must be. */
  readonly path: string
  readonly driver: SqliteDriverName
  /** A module that exports `logModule`; it is loaded in the log thread. */
  readonly module: URL
  /** The projections of that module, for readers. */
  readonly projections: readonly Projection[]
  /** The first command of an empty log. */
  readonly genesis: AppendRequest
  /** Tests: a clock that threads share, see `sharedClock`. Default: the system's. */
  readonly clock?: SharedArrayBuffer
  /** Tests: makes salts predictable. Never in service: salts are what hides private data. */
  readonly seed?: string
  readonly onDefect: LogThreadEvents['onDefect']
  readonly onLost: LogThreadEvents['onLost']
}

/** Opens a log on SQLite: one thread that writes, and a connection of the caller's thread that reads. */
export async function openSqliteEventLog(
  options: SqliteEventLogOptions,
): Promise<EventLog> {
  let follow: (generations: Generations) => void = () => {}
  let live: Generations = {}
  const thread = await startLogThread(
    {
      path: options.path,
      driver: options.driver,
      module: options.module.href,
      genesis: options.genesis,
      clock: options.clock ?? null,
      seed: options.seed ?? null,
    },
    {
      onGenerations: (generations) => {
        live = generations
        follow(generations)
      },
      onDefect: options.onDefect,
      onLost: options.onLost,
    },
  )
  const reader = await openSqliteLogReader(options).catch(async (error: unknown) => {
    await thread.close()
    throw error
  })
  let closed: Promise<void> | undefined
  follow = reader.follow
  follow(live)

  return {
    reader,
    get waiting() {
      return thread.waiting
    },
    append: (request, attachments = []) => thread.append(request, attachments),
    consumers: {
      async create(name, position) {
        await thread.task({ kind: 'create-consumer', name, position })
      },
      save: async (state, expected) =>
        (await thread.task({ kind: 'save-consumer', state, expected })) === true,
    },
    async keepCheckpoint(checkpoint) {
      await thread.task({ kind: 'keep-checkpoint', checkpoint })
    },
    forgetIdempotency: async () =>
      Number(await thread.task({ kind: 'forget-idempotency' })),
    async purge({ patienceMs, signal }) {
      const end = performance.now() + patienceMs
      for (let from = 1; ; ) {
        signal?.throwIfAborted()
        const step = (await thread.task({ kind: 'purge', from })) as PurgeStep
        if ('next' in step) {
          if (step.next === null) return undefined
          from = step.next
        } else if (performance.now() >= end) return step.busy
        else await delay(OBSTACLE_MS)
      }
    },
    async rebuild(projection) {
      await thread.task({ kind: 'rebuild', projection })
    },
    rebuilds: async () =>
      (await thread.task({ kind: 'rebuilds' })) as readonly RebuildState[],
    close() {
      closed ??= thread.close().then(() => reader.close())
      return closed
    },
  }
}
