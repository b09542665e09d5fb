import type { EventRow, LogTables, PrivateRow } from '../append/log-tables.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'

/** An event as it was hashed, and where it is. */
export type RawRecord = Pick<EventRow, 'position' | 'project' | 'type' | 'record'>

const columns = ['position', 'project', 'type', 'record'] as const

const byPosition = statement<LogTables, { position: number }>()((db, p) =>
  db.selectFrom('events').select(columns).where('position', '=', p('position')),
)

const bySeq = statement<LogTables, { project: string; seq: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select(columns)
    .where('project', '=', p('project'))
    .where('seq', '=', p('seq')),
)

const firstOf = statement<LogTables, { stream: string }>()((db, p) =>
  db
    .selectFrom('events')
    .select(columns)
    .where('stream', '=', p('stream'))
    .where('version', '=', 1),
)

const group = statement<LogTables, { position: number; group: string }>()((db, p) =>
  db
    .selectFrom('event_private')
    .select(['salt', 'body'])
    .where('position', '=', p('position'))
    .where('grp', '=', p('group')),
)

/** The record at a position of the log. */
export async function recordAt(
  sql: Sql,
  position: number,
): Promise<RawRecord | undefined> {
  return await sql.get(byPosition, { position })
}

/** The record with this `seq` of a project. */
export async function recordOfSeq(
  sql: Sql,
  project: string,
  seq: number,
): Promise<RawRecord | undefined> {
  return await sql.get(bySeq, { project, seq })
}

/** The first record of a stream: of a file, its upload. */
export async function firstRecord(
  sql: Sql,
  stream: string,
): Promise<RawRecord | undefined> {
  return await sql.get(firstOf, { stream })
}

/** A private group with its salt; `body` is JSON. Undefined where it was erased, or never was. */
export async function privateGroup(
  sql: Sql,
  position: number,
  name: string,
): Promise<Pick<PrivateRow, 'salt' | 'body'> | undefined> {
  return await sql.get(group, { position, group: name })
}
