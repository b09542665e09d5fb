import type { ConsumerRow, LogTables } from '../append/log-tables.ts'
import { insertion } from '../sql/insertion.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'

/** A durable reader of the log, as it stands. */
export type ConsumerState = {
  readonly name: string
  /** Last position that was handled; what follows is to be handled. */
  readonly position: number
  readonly status: 'running' | 'stopped'
  /** Failures in a row at the event that follows. */
  readonly attempts: number
  /** RFC 3339; empty: at once. */
  readonly next_attempt_at: string
  /** Text of the last failure; empty: none. */
  readonly error: string
}

const find = statement<LogTables, { name: string }>()((db, p) =>
  db.selectFrom('consumers').selectAll().where('name', '=', p('name')),
)

const all = statement<LogTables>()((db) =>
  db.selectFrom('consumers').selectAll().orderBy('name'),
)

const create = insertion<ConsumerRow>(
  'consumers',
  ['name', 'position', 'status', 'attempts', 'next_attempt_at', 'error'],
  { suffix: 'on conflict (name) do nothing' },
)

type Change = ConsumerRow & { expected: number }

const update = statement<LogTables, Change>()((db, p) =>
  db
    .updateTable('consumers')
    .set({
      position: p('position'),
      status: p('status'),
      attempts: p('attempts'),
      next_attempt_at: p('next_attempt_at'),
      error: p('error'),
    })
    .where('name', '=', p('name'))
    .where('position', '=', p('expected')),
)

const mark = statement<LogTables, Pick<ConsumerRow, 'name' | 'status'>>()((db, p) =>
  db
    .updateTable('consumers')
    .set({ status: p('status'), attempts: 0, next_attempt_at: '' })
    .where('name', '=', p('name')),
)

const remove = statement<LogTables, { name: string }>()((db, p) =>
  db.deleteFrom('consumers').where('name', '=', p('name')),
)

export async function findConsumer(
  sql: Sql,
  name: string,
): Promise<ConsumerState | undefined> {
  return await sql.get(find, { name })
}

export async function listConsumers(sql: Sql): Promise<ConsumerState[]> {
  return await sql.all(all, {})
}

/** Registers a consumer that begins after `position`; one that is known stays as it is. */
export async function createConsumer(
  sql: Sql,
  name: string,
  position: number,
): Promise<void> {
  await sql.insert(create, [
    { name, position, status: 'running', attempts: 0, next_attempt_at: '', error: '' },
  ])
}

/**
 * Compare-and-set: writes `state` if the consumer still stands at position `expected`.
 * Resolves to whether it did.
 */
export async function saveConsumer(
  sql: Sql,
  state: ConsumerState,
  expected: number,
): Promise<boolean> {
  return (await sql.run(update, { ...state, expected })) === 1
}

/** Stops a consumer, or lets it go on where it stands, at once. */
export async function markConsumer(
  sql: Sql,
  name: string,
  status: ConsumerState['status'],
): Promise<void> {
  await sql.run(mark, { name, status })
}

/** Forgets a consumer: what it was for is no more. */
export async function removeConsumer(sql: Sql, name: string): Promise<void> {
  await sql.run(remove, { name })
}
