import { type LogTables, type Sql, statement } from '@custody/event-log'
import type { FilesTables } from './files-tables.ts'

const due = statement<FilesTables & LogTables, { now: number; limit: number }>()(
  (db, p) =>
    db
      .selectFrom('deadlines')
      .innerJoin('events', (join) =>
        join.onRef('events.stream', '=', 'deadlines.file').on('events.version', '=', 1),
      )
      .select(['deadlines.file', 'deadlines.due_at', 'events.project'])
      .where('deadlines.due_at', '<=', p('now'))
      .orderBy('deadlines.due_at')
      .limit(p('limit')),
)

const next = statement<FilesTables>()((db) =>
  db.selectFrom('deadlines').select('due_at').orderBy('due_at').limit(1),
)

/** Live files whose expiry (Unix seconds) has passed, the longest overdue first. */
export async function dueFiles(
  sql: Sql,
  now: number,
  limit: number,
): Promise<{ readonly file: string; readonly project: string }[]> {
  return await sql.all(due, { now, limit })
}

/** When the next file expires, in Unix seconds, or undefined. */
export async function nextDeadline(sql: Sql): Promise<number | undefined> {
  return (await sql.get(next, {}))?.due_at
}
