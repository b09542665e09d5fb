import { type Sql, statement } from '@custody/event-log'
import type { FilesTables, UsageRow } from './files-tables.ts'

const byProject = statement<FilesTables, { project: string }>()((db, p) =>
  db
    .selectFrom('usage')
    .selectAll()
    .where('project', '=', p('project'))
    .orderBy('purpose'),
)

/** What the live files of a project take, by purpose. */
export async function findUsage(sql: Sql, project: string): Promise<UsageRow[]> {
  return await sql.all(byProject, { project })
}
