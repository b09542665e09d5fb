import { CustodyError } from '@custody/domain/errors'
import { appendBatch, type BatchCommand } from '../../append/append-batch.ts'
import type { AppendOutcome, AppendRequest } from '../../append/append-request.ts'
import { findEventId } from '../../append/find-event-id.ts'
import { forgetIdempotency } from '../../append/idempotency.ts'
import { keepCheckpoint } from '../../append/keep-checkpoint.ts'
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
import { BUSY_TIMEOUT_MS, openForWriting } from './connection/open-database.ts'
import type {
  SqliteConnection,
  SqliteDriverName,
} from './connection/sqlite-connection.ts'
import { toRefusal } from './connection/sqlite-error.ts'
import { SqliteSql } from './connection/sqlite-sql.ts'
import {
  CommitFailed,
  createTransactions,
  type Transactions,
} from './connection/transaction.ts'
import { purgeStep } from './erase/purge.ts'
import { rowRemover } from './erase/remove-rows.ts'
import { type GapFile, openGapFile } from './erase/zero-gaps.ts'
import { migrate } from './migrate.ts'

export type SqliteLogWriterOptions = {
  /** The database file; created when it is not there. */
  readonly path: string
  readonly driver: SqliteDriverName
  /** Tests: a connection with faults. Default: {@link openForWriting}. */
  readonly open?: typeof openForWriting
  readonly module: LogModule
  readonly clock: LogClock
  readonly random: (bytes: number) => Uint8Array
  /** The first command of an empty log. */
  readonly genesis: AppendRequest
  /** An error that is a defect of ours, not a refusal. Other commands go on. */
  readonly onDefect: (error: unknown, request: AppendRequest) => void
  /** A rebuild, or the removal of what one retired, was given up. The log goes on. */
  readonly onRebuildFailed: (error: unknown) => void
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
  const { module } = options
  let session = await openSession(options)
  await migrate(session.connection, module.migrations)
  let { head, generations, rebuilder } = await look()
  await rebuilder.buildMissing()
  let gaps: GapFile | undefined
  /** False from a failed COMMIT until the log was opened and read again: nothing is written meanwhile. */
  let sound = true

  async function look() {
    const { connection, sql } = session
    const found = await readHead(sql)
    const live = liveGenerations(module.projections, found.projections)
    const place = {
      ...session,
      removeRows: rowRemover(connection),
      tables: () => tableNames(connection),
    }
    return {
      head: found,
      generations: live,
      rebuilder: createRebuilder(place, module, live),
    }
  }

  async function reopen(): Promise<void> {
    try {
      await session.connection.close()
    } catch {
      // It is closed, or as good as lost: what counts is the one that is opened now.
    }
    for (const name of rebuilder.unfinished()) {
      options.onRebuildFailed(new Error(`The rebuild of '${name}' was cut short`))
    }
    session = await openSession(options)
    ;({ head, generations, rebuilder } = await look())
    sound = true
  }

  /** Everything that writes goes through here. */
  async function writing<T>(work: () => Promise<T>): Promise<T> {
    if (!sound) await reopen()
    try {
      return await work()
    } catch (error) {
      if (error instanceof CommitFailed) sound = false
      throw error
    }
  }

  /** A task: what it fails of is told as an append is told it. */
  async function task<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await writing(work)
    } catch (error) {
      throw toRefusal(error instanceof CommitFailed ? error.cause : error) ?? error
    }
  }

  const inTransaction = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    task(() => session.transactions.run(() => work(session.sql)))

  async function tryBatch(commands: readonly BatchCommand[]): Promise<AppendOutcome[]> {
    const { sql, transactions, projections } = session
    const swap = rebuilder.ready()
    let erased = false
    const environment = {
      module,
      clock: options.clock,
      random: options.random,
      projections,
      onErased: () => {
        erased = true
      },
      ...(swap && { swap }),
    }
    let unfit: { readonly error: unknown } | undefined
    try {
      const outcomes = await transactions.run(async () => {
        if (swap) {
          await rebuilder.catchUp().catch((error: unknown) => {
            unfit = { error }
            throw error
          })
        }
        return await appendBatch(sql, commands, environment)
      })
      if (swap && outcomes.some((one) => 'events' in one && hasWritten(one))) {
        generations = { ...generations, ...swap }
        rebuilder.swapped()
      }
      if (erased) {
        await restartRebuilds()
        await emptyWal(session.connection)
      }
      return outcomes
    } catch (error) {
      rebuilder.rolledBack()
      if (!unfit) throw error
      // What cannot catch up must not keep the log from growing.
      rebuilder.abandonReady()
      options.onRebuildFailed(unfit.error)
      return await tryBatch(commands)
    }
  }

  /** After an erasure. It is committed, whatever becomes of a rebuild. */
  async function restartRebuilds(): Promise<void> {
    try {
      await rebuilder.restart()
    } catch (error) {
      if (error instanceof CommitFailed) sound = false
      options.onRebuildFailed(error)
    }
  }

  /** Whether a batch is in the log after all. It is one transaction: one event of it is there, so all are. */
  async function isWritten(commands: readonly BatchCommand[]): Promise<boolean> {
    for (const { request } of commands) {
      if ((await findEventId(session.sql, request.eventId)) !== undefined) return true
    }
    return false
  }

  async function append(commands: readonly BatchCommand[]): Promise<AppendOutcome[]> {
    try {
      return await writing(() => tryBatch(commands))
    } catch (error) {
      if (error instanceof CommitFailed) {
        try {
          await reopen()
          if (await isWritten(commands)) return error.result as AppendOutcome[]
        } catch (worse) {
          // No refusal, whatever it was: one would say that nothing was written, and bytes be thrown away for it.
          return commands.map(({ request }) => defect(worse, request))
        }
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
    return refusal ? { error: refusal.toData() } : defect(cause, request)
  }

  function defect(cause: unknown, request: AppendRequest): AppendOutcome {
    options.onDefect(cause, request)
    return {
      error: new CustodyError(
        'internal_error',
        'The server had an error while processing your request.',
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
      inTransaction((sql) => createConsumer(sql, name, position)),
    saveConsumer: (state, expected) =>
      inTransaction((sql) => saveConsumer(sql, state, expected)),
    keepCheckpoint: (checkpoint) =>
      inTransaction((sql) => keepCheckpoint(sql, checkpoint)),
    async forgetIdempotency() {
      const forgotten = await inTransaction((sql) =>
        forgetIdempotency(sql, options.clock()),
      )
      // What a reader kept in the WAL when it was erased goes now.
      await emptyWal(session.connection)
      return forgotten
    },
    purge: (from) =>
      task(async () => {
        const former = await rebuilder.removeRetired()
        if (former === 'waits') return { busy: 'rebuild' }
        if (former === 'some') return { next: from }
        gaps ??= openGapFile(options.path)
        return await purgeStep(session.connection, gaps, `${options.path}-wal`, from)
      }),
    startRebuild: (name) => task(() => rebuilder.start(name)),
    rebuilds: () => task(() => rebuilder.states()),
    async rebuildSlice() {
      try {
        return await writing(() => rebuilder.slice())
      } catch (error) {
        options.onRebuildFailed(error)
        return sound
      }
    },
    releaseRetired: () => rebuilder.releaseRetired(),
    close: async () => {
      // Readers that are open still keep SQLite from emptying the WAL by itself; it holds what was erased, and a
      // folder that is copied without it would lack its last events.
      await emptyWal(session.connection, 1000)
      await session.connection.close()
      gaps?.close()
    },
  }
}

const hasWritten = (outcome: Extract<AppendOutcome, { replayed: boolean }>) =>
  outcome.events.length > 0 && !outcome.replayed

async function openSession(options: SqliteLogWriterOptions): Promise<Session> {
  const { open = openForWriting } = options
  const connection = await open(options.path, options.driver)
  const sql = new SqliteSql(connection)
  return {
    connection,
    sql,
    transactions: await createTransactions(connection),
    projections: createProjectionSet(sql, options.module.projections),
  }
}

/**
 * Moves everything from the write-ahead log to the database and cuts it to nothing, since it still holds
 * what was erased. Where a reader is in the way for longer than `waitMs`, it stays for the next time. It
 * never throws: what it follows is committed, and a disk that fails here fails the next write, too.
 */
async function emptyWal(connection: SqliteConnection, waitMs = 0): Promise<void> {
  try {
    await connection.exec(`pragma busy_timeout = ${waitMs}`)
    await connection.exec('pragma wal_checkpoint(truncate)')
  } catch {
    // It is emptied again every ten minutes, and when the log is closed.
  } finally {
    await connection.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`)
  }
}

async function tableNames(connection: SqliteConnection): Promise<string[]> {
  const statement = await connection.prepare(
    "select name from sqlite_schema where type = 'table'",
  )
  return (await statement.all([])).map((row) => String(row.name))
}
