import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { MaybePromise } from '../../../maybe-promise.ts'
import { INSERT_SIZES, type Insertion } from '../../../sql/insertion.ts'
import type { Sql } from '../../../sql/sql.ts'
import { Parameter, type SqlValue, type Statement } from '../../../sql/statement.ts'
import { type TableNames, tableNamesPlugin } from '../../../sql/table-names.ts'
import type { SqliteConnection, SqliteStatement } from './sqlite-connection.ts'

type Prepared = {
  readonly statement: SqliteStatement
  /** For each place in the SQL text: the argument's name, or a value that the query fixes. */
  readonly places: readonly (Parameter | SqlValue)[]
}

/** {@link Sql} over one SQLite connection: compiles each statement once and keeps it prepared. */
export class SqliteSql implements Sql {
  readonly engine = 'sqlite'
  readonly #connection: SqliteConnection
  readonly #tables: TableNames
  // The key is a statement of any type; what it was compiled to is looked up by identity.
  readonly #prepared = new Map<object, MaybePromise<Prepared>>()

  constructor(connection: SqliteConnection, tables: TableNames = {}) {
    this.#connection = connection
    this.#tables = tables
  }

  all<Args extends Record<string, SqlValue>, Row>(
    statement: Statement<Args, Row>,
    args: Args,
  ): MaybePromise<Row[]> {
    const prepared = this.#prepare(statement)
    if (prepared instanceof Promise) {
      return prepared.then(
        (ready) => ready.statement.all(bind(ready, args)) as Promise<Row[]>,
      )
    }
    return prepared.statement.all(bind(prepared, args)) as MaybePromise<Row[]>
  }

  arrays<Args extends Record<string, SqlValue>>(
    statement: Statement<Args, unknown>,
    args: Args,
  ): MaybePromise<unknown[][]> {
    const prepared = this.#prepare(statement)
    if (prepared instanceof Promise) {
      return prepared.then((ready) => readArrays(ready, bind(ready, args)))
    }
    return readArrays(prepared, bind(prepared, args))
  }

  get<Args extends Record<string, SqlValue>, Row>(
    statement: Statement<Args, Row>,
    args: Args,
  ): MaybePromise<Row | undefined> {
    const prepared = this.#prepare(statement)
    if (prepared instanceof Promise) {
      return prepared.then(
        (ready) => ready.statement.get(bind(ready, args)) as Promise<Row>,
      )
    }
    return prepared.statement.get(bind(prepared, args)) as MaybePromise<Row | undefined>
  }

  run<Args extends Record<string, SqlValue>>(
    statement: Statement<Args, unknown>,
    args: Args,
  ): MaybePromise<number> {
    const prepared = this.#prepare(statement)
    if (prepared instanceof Promise) {
      return prepared.then((ready) => ready.statement.run(bind(ready, args)))
    }
    return prepared.statement.run(bind(prepared, args))
  }

  async insert<Row extends Record<string, SqlValue>>(
    insertion: Insertion<Row>,
    rows: readonly Row[],
  ): Promise<void> {
    const { columns } = insertion
    let next = 0
    for (const size of INSERT_SIZES) {
      while (rows.length - next >= size) {
        const params: SqlValue[] = []
        for (const row of rows.slice(next, next + size)) {
          for (const column of columns) params.push(row[column] ?? null)
        }
        const prepared = this.#prepare(insertion.forRows(size))
        await (prepared instanceof Promise ? await prepared : prepared).statement.run(
          params,
        )
        next += size
      }
    }
  }

  exec(text: string): MaybePromise<void> {
    return this.#connection.exec(text)
  }

  withTables(tables: TableNames): SqliteSql {
    return new SqliteSql(this.#connection, { ...this.#tables, ...tables })
  }

  #prepare<Args, Row>(statement: Statement<Args, Row>): MaybePromise<Prepared> {
    const known = this.#prepared.get(statement)
    if (known) return known
    const { sql, parameters } = statement.compile(() => compileOnly(this.#tables))
    const places = parameters.map(toPlace)
    const made = this.#connection.prepare(sql)
    const ready =
      made instanceof Promise
        ? made.then((prepared) => {
            const done = { statement: prepared, places }
            this.#prepared.set(statement, done)
            return done
          })
        : { statement: made, places }
    this.#prepared.set(statement, ready)
    return ready
  }
}

function readArrays(
  { statement }: Prepared,
  params: readonly SqlValue[],
): MaybePromise<unknown[][]> {
  if (statement.arrays) return statement.arrays(params)
  const rows = statement.all(params)
  return rows instanceof Promise ? rows.then(toArrays) : toArrays(rows)
}

const toArrays = (rows: readonly Record<string, unknown>[]) => rows.map(Object.values)

function compileOnly<DB>(tables: TableNames): Kysely<DB> {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    plugins: [tableNamesPlugin(tables)],
  })
}

function toPlace(value: unknown): Parameter | SqlValue {
  if (
    value === null ||
    typeof value === 'number' ||
    typeof value === 'string' ||
    value instanceof Uint8Array ||
    value instanceof Parameter
  ) {
    return value
  }
  throw new TypeError(`A query holds a value that SQLite does not take: ${typeof value}`)
}

function bind(prepared: Prepared, args: Record<string, SqlValue>): SqlValue[] {
  const { places } = prepared
  const params: SqlValue[] = new Array(places.length)
  for (let index = 0; index < places.length; index += 1) {
    const place = places[index]
    if (place instanceof Parameter) {
      const value = args[place.name]
      if (value === undefined)
        throw new TypeError(`The query's argument '${place.name}' is missing`)
      params[index] = value
    } else params[index] = place ?? null
  }
  return params
}
