import { type Sql, statement } from '@custody/event-log'
import type { FilesTables, GarbageRow } from './files-tables.ts'

const some = statement<FilesTables, { limit: number }>()((db, p) =>
  db.selectFrom('garbage').selectAll().orderBy('extent').limit(p('limit')),
)

/** Extents whose bytes may go, the oldest first. */
export async function findGarbage(sql: Sql, limit: number): Promise<GarbageRow[]> {
  return await sql.all(some, { limit })
}
