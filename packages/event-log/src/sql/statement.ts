import type { CompiledQuery, Kysely } from 'kysely'

/** A value that SQLite and PostgreSQL both store as it is. */
export type SqlValue = null | number | string | Uint8Array

/** Stands for an argument in a compiled query until the statement runs. */
export class Parameter {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

type Compilable<Row> = { compile(): CompiledQuery<Row> }

/** Built by Kysely once, kept prepared by every connection that runs it. */
export type Statement<Args, Row> = {
  readonly compile: (kysely: <DB>() => Kysely<DB>) => CompiledQuery<Row>
  /** Never set; carries the type of the arguments. */
  readonly args?: Args
}

/**
 * ```ts
 * const findKey = statement<Tables, { sha256: string }>()((db, p) =>
 *   db.selectFrom('api_keys').selectAll().where('sha256', '=', p('sha256')))
 * ```
 */
export function statement<
  DB,
  Args extends Record<string, SqlValue> = Record<never, never>,
>() {
  return <Row>(
    build: (
      db: Kysely<DB>,
      param: <Name extends keyof Args & string>(name: Name) => Args[Name],
    ) => Compilable<Row>,
  ): Statement<Args, Row> => ({
    // A parameter takes the place of a value while the query is built, and never leaves this module.
    compile: (kysely) =>
      build(kysely<DB>(), (name) => new Parameter(name) as never).compile(),
  })
}
