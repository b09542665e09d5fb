import { type LogTables, type Sql, statement } from '@custody/event-log'
import type { UploadsTables } from './uploads-tables.ts'

const due = statement<UploadsTables & LogTables, { now: number; limit: number }>()(
  (db, p) =>
    db
      .selectFrom('upload_deadlines')
      .innerJoin('events', (join) =>
        join
          .onRef('events.stream', '=', 'upload_deadlines.upload')
          .on('events.version', '=', 1),
      )
      .select(['upload_deadlines.upload', 'events.project'])
      .where('upload_deadlines.due_at', '<=', p('now'))
      .orderBy('upload_deadlines.due_at')
      .limit(p('limit')),
)

const next = statement<UploadsTables>()((db) =>
  db.selectFrom('upload_deadlines').select('due_at').orderBy('due_at').limit(1),
)

/** Pending uploads whose time (Unix seconds) has passed, the longest overdue first. */
export async function dueUploads(
  sql: Sql,
  now: number,
  limit: number,
): Promise<{ readonly upload: string; readonly project: string }[]> {
  return await sql.all(due, { now, limit })
}

/** When the next upload expires, in Unix seconds, or undefined. */
export async function nextUploadDeadline(sql: Sql): Promise<number | undefined> {
  return (await sql.get(next, {}))?.due_at
}
