import type { MaybePromise } from '../../maybe-promise.ts'
import type { SqlValue } from '../../sql/statement.ts'

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
  get(params: readonly SqlValue[]): MaybePromise<Record<string, unknown> | undefined>
  /** Resolves to the number of rows changed. */
  run(params: readonly SqlValue[]): MaybePromise<number>
}

export type SqliteDriverName = 'node' | 'sqlite3'
