import { type Sql, statement } from '@custody/event-log'
import type { UploadsTables } from './uploads-tables.ts'

const ofProject = statement<UploadsTables, { project: string }>()((db, p) =>
  db.selectFrom('upload_usage').select('bytes').where('project', '=', p('project')),
)

/** Bytes in the parts of a project's pending uploads. */
export async function findPendingBytes(sql: Sql, project: string): Promise<number> {
  return (await sql.get(ofProject, { project }))?.bytes ?? 0
}
