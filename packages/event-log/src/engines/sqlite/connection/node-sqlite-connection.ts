import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { SqlValue } from '../../../sql/statement.ts'
import type { SqliteConnection, SqliteStatement } from './sqlite-connection.ts'

/** `node:sqlite`, built into Node: synchronous, which is what a thread of its own wants. */
export function openNodeSqlite(
  path: string,
  options: {
    readonly readOnly: boolean
    /** Integers that a number cannot hold come as a bigint. Default: they are an error. */
    readonly bigIntegers?: boolean
  },
): SqliteConnection {
  const db = new DatabaseSync(path, { readOnly: options.readOnly })
  return {
    driver: 'node',
    prepare(text) {
      const prepared = db.prepare(text)
      const statement: SqliteStatement = {
        all: (params) => prepared.all(...params),
        get: (params) => prepared.get(...params),
        arrays: (params) => readArrays(prepared, params),
        run: (params) => Number(prepared.run(...params).changes),
      }
      return options.bigIntegers ? withBigIntegers(prepared, statement) : statement
    },
    exec: (text) => db.exec(text),
    close: () => db.close(),
  }
}

/** Reads anew, with bigints, where a number is too large; those that are not become numbers again. */
function withBigIntegers(
  prepared: StatementSync,
  statement: SqliteStatement,
): SqliteStatement {
  const read = <T>(run: () => T, convert: (found: T) => T): T => {
    try {
      return run()
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code !== 'ERR_OUT_OF_RANGE') throw error
    }
    prepared.setReadBigInts(true)
    try {
      return convert(run())
    } finally {
      prepared.setReadBigInts(false)
    }
  }
  const toNumber = (value: unknown) =>
    typeof value === 'bigint' && Number.isSafeInteger(Number(value))
      ? Number(value)
      : value
  const toNumbers = (row: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, toNumber(value)]),
    )
  return {
    ...statement,
    all: (params) =>
      read(
        (): Record<string, unknown>[] => prepared.all(...params),
        (rows) => rows.map(toNumbers),
      ),
    get: (params) =>
      read(
        (): Record<string, unknown> | undefined => prepared.get(...params),
        (row) => row && toNumbers(row),
      ),
    arrays: (params) =>
      read(
        () => readArrays(prepared, params),
        (rows) => rows.map((row) => row.map(toNumber)),
      ),
  }
}

function readArrays(prepared: StatementSync, params: readonly SqlValue[]): unknown[][] {
  prepared.setReturnArrays(true)
  try {
    const rows: unknown[] = prepared.all(...params)
    return rows as unknown[][]
  } finally {
    prepared.setReturnArrays(false)
  }
}
