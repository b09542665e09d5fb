import { type Sql, statement } from '@custody/event-log'
import type { FilesTables, GarbageRow } from './files-tables.ts'

const some = statement<FilesTables, { after: string; limit: number }>()((db, p) =>
  db
    .selectFrom('garbage')
    .selectAll()
    .where('extent', '>', p('after'))
    .orderBy('extent')
    .limit(p('limit')),
)

/** Extents whose bytes may go, the oldest first, after one of them (`''`: from the start). */
export async function findGarbage(
  sql: Sql,
  page: { readonly after: string; readonly limit: number },
): Promise<GarbageRow[]> {
  return await sql.all(some, page)
}
