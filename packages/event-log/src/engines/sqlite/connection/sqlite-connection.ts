import type { MaybePromise } from '../../../maybe-promise.ts'
import type { SqlValue } from '../../../sql/statement.ts'

/** What a SQLite driver does for us: one connection, used by one transaction at a time. */
export interface SqliteConnection {
  readonly driver: SqliteDriverName
  prepare(text: string): MaybePromise<SqliteStatement>
  /** One or more statements without parameters. */
  exec(text: string): MaybePromise<void>
  close(): MaybePromise<void>
}

export interface SqliteStatement {
  all(params: readonly SqlValue[]): MaybePromise<Record<string, unknown>[]>
  /**
   * Each row as its values in the order of the columns, where the driver can: a third of the time is saved, and
   * more where the values are used, since objects that a driver makes are slow to read.
   */
  arrays?(params: readonly SqlValue[]): MaybePromise<unknown[][]>
  get(params: readonly SqlValue[]): MaybePromise<Record<string, unknown> | undefined>
  /** Resolves to the number of rows changed. */
  run(params: readonly SqlValue[]): MaybePromise<number>
}

/** `node`: built into Node · `sqlite3`: the npm package. */
export type SqliteDriverName = 'node' | 'sqlite3'
