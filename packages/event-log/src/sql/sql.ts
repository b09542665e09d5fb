import type { MaybePromise } from '../maybe-promise.ts'
import type { Insertion } from './insertion.ts'
import type { SqlValue, Statement } from './statement.ts'
import type { TableNames } from './table-names.ts'

/** One connection, as deciders, projections and queries use it. Statements stay prepared. */
export interface Sql {
  readonly engine: 'sqlite' | 'postgres'
  all<Args extends Record<string, SqlValue>, Row>(
    statement: Statement<Args, Row>,
    args: Args,
  ): MaybePromise<Row[]>
  /** Each row as its values, in the order in which they are selected: faster where many rows are read. */
  arrays<Args extends Record<string, SqlValue>>(
    statement: Statement<Args, unknown>,
    args: Args,
  ): MaybePromise<unknown[][]>
  get<Args extends Record<string, SqlValue>, Row>(
    statement: Statement<Args, Row>,
    args: Args,
  ): MaybePromise<Row | undefined>
  /** Resolves to the number of rows changed. */
  run<Args extends Record<string, SqlValue>>(
    statement: Statement<Args, unknown>,
    args: Args,
  ): MaybePromise<number>
  insert<Row extends Record<string, SqlValue>>(
    insertion: Insertion<Row>,
    rows: readonly Row[],
  ): MaybePromise<void>
  /** Raw SQL without parameters: data definition. */
  exec(text: string): MaybePromise<void>
  /** The same connection, where logical table names mean other physical ones. */
  withTables(tables: TableNames): Sql
}
