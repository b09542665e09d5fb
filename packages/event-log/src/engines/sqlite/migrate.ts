import { CustodyError, quote } from '@custody/domain/errors'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { SqlValue } from '../../sql/statement.ts'
import type { SqliteConnection } from './connection/sqlite-connection.ts'
import { createLog } from './migrations/0001-log.ts'
import { chainBatches } from './migrations/0004-batch-chain.ts'
import { createCheckpoints } from './migrations/0005-checkpoints.ts'
import { placeIdempotencyRows } from './migrations/0008-idempotency-positions.ts'
import { chainCheckpoints } from './migrations/0010-checkpoint-chain.ts'

/** The log's own tables. */
export const logMigrations: Readonly<Record<string, Migration>> = {
  '0001-log': createLog,
  '0004-batch-chain': chainBatches,
  '0005-checkpoints': createCheckpoints,
  '0008-idempotency-positions': placeIdempotencyRows,
  '0010-checkpoint-chain': chainCheckpoints,
}

/**
 * Brings the tables of the log, and those that the module has beside it, to today's form.
 *
 * @param own the log's own migrations; a test takes fewer, as an older version has them
 * @throws CustodyError `data_folder_unusable` when a newer version of Custody did so already
 */
export async function migrate(
  connection: SqliteConnection,
  moduleMigrations: Readonly<Record<string, Migration>>,
  own: Readonly<Record<string, Migration>> = logMigrations,
): Promise<void> {
  const db = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new TransactionalAdapter(),
      createDriver: () => new ConnectionDriver(connection),
      createIntrospector: (kysely) => new SqliteIntrospector(kysely),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  const migrations: Record<string, Migration> = {
    ...own,
    ...moduleMigrations,
  }
  for (const name of await executedMigrations(connection)) {
    if (migrations[name]) continue
    throw new CustodyError(
      'data_folder_unusable',
      `The database was written by a newer version of Custody: it has ${quote(name)}.`,
    )
  }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}

/** Names of the migrations that made the tables of a database. */
export async function executedMigrations(
  connection: SqliteConnection,
): Promise<string[]> {
  const table = await connection.prepare(
    "select name from sqlite_schema where type = 'table' and name = 'migrations'",
  )
  if (!(await table.get([]))) return []
  const names = await connection.prepare('select name from migrations order by name')
  return (await names.all([])).map((row) => String(row.name))
}

/** All of the data definition takes place, or nothing: a start that was cut short can be tried again. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** Kysely's driver over a connection that stays the caller's: for data definition, not for the hot path. */
class ConnectionDriver implements Driver {
  readonly #connection: DatabaseConnection

  constructor(connection: SqliteConnection) {
    this.#connection = {
      async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
        const statement = await connection.prepare(query.sql)
        // `all` steps a statement to its end, whether it has rows or not.
        return { rows: (await statement.all(query.parameters as SqlValue[])) as R[] }
      },
      // biome-ignore lint/correctness/useYield: there is nothing to stream in a migration
      async *streamQuery() {
        throw new TypeError('A migration does not stream')
      },
    }
  }

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}
}
