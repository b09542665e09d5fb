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

const one = statement<FilesTables, { extent: string }>()((db, p) =>
  db.selectFrom('garbage').select('extent').where('extent', '=', p('extent')),
)

/** Whether the bytes of an extent wait to be destroyed. */
export async function isGarbage(sql: Sql, extent: string): Promise<boolean> {
  return (await sql.get(one, { extent })) !== undefined
}

/** Extents whose bytes may go, the oldest first, after one of them (`''`: from the start). */
export async function findGarbage(
  sql: Sql,
  page: { readonly after: string; readonly limit: number },
): Promise<GarbageRow[]> {
  return await sql.all(some, page)
}
