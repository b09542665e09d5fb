import { sql } from 'kysely'
import type { SqlValue, Statement } from './statement.ts'
import { Parameter } from './statement.ts'

/** Inserts any number of rows, as few statements as their number allows. */
export type Insertion<Row> = {
  readonly columns: readonly (keyof Row & string)[]
  /** The statement for so many rows at once; its parameters are in the order row by row, column by column. */
  forRows(count: number): Statement<unknown, unknown>
}

/** Rows that one statement takes: more cost compilation, fewer cost calls. */
export const INSERT_SIZES = [32, 8, 1] as const

export type InsertionOptions = {
  /**
   * What follows the values, such as `on conflict … do update set …`, where `existing` is the row that is
   * there. Default: nothing.
   */
  readonly suffix?: string
}

/** An insertion into these columns of a table; its statements are built once for each number of rows. */
export function insertion<Row extends Record<string, SqlValue>>(
  table: string,
  columns: readonly (keyof Row & string)[],
  options: InsertionOptions = {},
): Insertion<Row> {
  const bySize = new Map<number, Statement<unknown, unknown>>()
  return {
    columns,
    forRows(count) {
      let found = bySize.get(count)
      if (!found) {
        const values = Array.from(
          { length: count },
          (_, row) =>
            sql`(${sql.join(columns.map((column) => sql`${new Parameter(`${row}.${column}`)}`))})`,
        )
        const suffix = options.suffix ? sql.raw(` ${options.suffix}`) : sql``
        const alias = options.suffix ? sql` as existing` : sql``
        found = {
          compile: (kysely) =>
            sql`insert into ${sql.table(table)}${alias} (${sql.join(columns.map((c) => sql.ref(c)))}) values ${sql.join(values)}${suffix}`.compile(
              kysely<unknown>(),
            ),
        }
        bySize.set(count, found)
      }
      return found
    },
  }
}
