import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import type { LogTables } from './log-tables.ts'

const find = statement<LogTables, { eventId: string }>()((db, p) =>
  db.selectFrom('events').select('position').where('event_id', '=', p('eventId')),
)

/** The position of the event with this id, or undefined. */
export async function findEventId(
  sql: Sql,
  eventId: string,
): Promise<number | undefined> {
  return (await sql.get(find, { eventId }))?.position
}
