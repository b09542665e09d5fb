import { CustodyError } from '@custody/domain/errors'
import {
  appendBatch,
  type BatchCommand,
  type OnDefect,
} from '../../append/append-batch.ts'
import type { AppendOutcome, AppendRequest } from '../../append/append-request.ts'
import { findEventId } from '../../append/find-event-id.ts'
import { forgetIdempotency } from '../../append/idempotency.ts'
import { readHead } from '../../append/log-head.ts'
import { createConsumer, saveConsumer } from '../../consumers/consumer-store.ts'
import type { LogClock } from '../../log-clock.ts'
import type { LogModule } from '../../log-module.ts'
import type { LogWriter } from '../../log-writer.ts'
import {
  createProjectionSet,
  liveGenerations,
  type ProjectionSet,
} from '../../projections/projection-set.ts'
import { createRebuilder } from '../../projections/rebuilder.ts'
import type { Sql } from '../../sql/sql.ts'
import { migrate } from './migrate.ts'
import { openForWriting } from './open-database.ts'
import type { SqliteConnection, SqliteDriverName } from './sqlite-connection.ts'
import { toRefusal } from './sqlite-error.ts'
import { SqliteSql } from './sqlite-sql.ts'
import { CommitFailed, createTransactions, type Transactions } from './transaction.ts'

export type SqliteLogWriterOptions = {
  /** The database file; created when it is not there. */
  readonly path: string
  readonly driver: SqliteDriverName
  readonly module: LogModule
  readonly clock: LogClock
  readonly random: (bytes: number) => Uint8Array
  /** The first command of an empty log. */
  readonly genesis: AppendRequest
  readonly onDefect: OnDefect
}

type Session = {
  readonly connection: SqliteConnection
  readonly sql: Sql
  readonly transactions: Transactions
  readonly projections: ProjectionSet
}

/** Opens the log for writing: migrations, projections that are missing or of another version, the first event. */
export async function openSqliteLogWriter(
  options: SqliteLogWriterOptions,
): Promise<LogWriter> {
  const { module, onDefect } = options
  let session = await openSession(options)
  await migrate(session.connection, module.migrations)
  let head = await readHead(session.sql)
  let generations = liveGenerations(module.projections, head.projections)
  let rebuilder = createRebuilder(session, module, generations)
  await rebuilder.buildMissing()

  async function tryBatch(commands: readonly BatchCommand[]): Promise<AppendOutcome[]> {
    const { sql, transactions, projections } = session
    const swap = rebuilder.ready()
    const environment = {
      module,
      clock: options.clock,
      random: options.random,
      projections,
      ...(swap && { swap }),
    }
    let swapped = false
    try {
      const outcomes = await transactions.run(async () => {
        if (swap) await rebuilder.catchUp()
        return await appendBatch(sql, commands, environment, onDefect)
      })
      swapped = outcomes.some((one) => 'events' in one && one.events.length > 0)
      return outcomes
    } finally {
      if (swap && swapped) {
        generations = { ...generations, ...swap }
        rebuilder.swapped()
      } else if (swap) rebuilder.notSwapped()
    }
  }

  /** After an error of COMMIT nothing is said before the log was opened and read again. */
  async function settle(
    commands: readonly BatchCommand[],
    failure: CommitFailed,
  ): Promise<AppendOutcome[] | undefined> {
    await session.connection.close()
    session = await openSession(options)
    head = await readHead(session.sql)
    generations = liveGenerations(module.projections, head.projections)
    rebuilder = createRebuilder(session, module, generations)
    for (const { request } of commands) {
      // A batch is one transaction: one of its events is there, so all are.
      if (await findEventId(session.sql, request.eventId))
        return failure.result as AppendOutcome[]
    }
    return undefined
  }

  async function append(commands: readonly BatchCommand[]): Promise<AppendOutcome[]> {
    try {
      return await tryBatch(commands)
    } catch (error) {
      try {
        if (error instanceof CommitFailed) {
          const done = await settle(commands, error)
          if (done) return done
        }
      } catch (worse) {
        return commands.map(({ request }) => failed(worse, request))
      }
      const [only] = commands
      if (only && commands.length === 1) return [failed(error, only.request)]
      const outcomes: AppendOutcome[] = []
      for (const command of commands) outcomes.push(...(await append([command])))
      return outcomes
    }
  }

  function failed(error: unknown, request: AppendRequest): AppendOutcome {
    const cause = error instanceof CommitFailed ? error.cause : error
    const refusal = toRefusal(cause)
    if (!refusal) onDefect(cause, request)
    return {
      error: (
        refusal ?? new CustodyError('internal_error', 'The log could not be written.')
      ).toData(),
    }
  }

  if (head.position === 0) {
    const [outcome] = await append([{ request: options.genesis, attachments: [] }])
    if (outcome && 'error' in outcome) throw CustodyError.revive(outcome.error)
  }

  return {
    get generations() {
      return generations
    },
    append,
    createConsumer: (name, position) =>
      session.transactions.run(() => createConsumer(session.sql, name, position)),
    saveConsumer: (state, expected) =>
      session.transactions.run(() => saveConsumer(session.sql, state, expected)),
    forgetIdempotency: () =>
      session.transactions.run(() => forgetIdempotency(session.sql, options.clock())),
    startRebuild: (name) => rebuilder.start(name),
    rebuildSlice: () => rebuilder.slice(),
    close: async () => {
      await session.connection.close()
    },
  }
}

async function openSession(options: SqliteLogWriterOptions): Promise<Session> {
  const connection = await openForWriting(options.path, options.driver)
  const sql = new SqliteSql(connection)
  return {
    connection,
    sql,
    transactions: await createTransactions(connection),
    projections: createProjectionSet(sql, options.module.projections),
  }
}
