import { type Sql, statement } from '@custody/event-log'
import type { UploadsTables } from '../uploads/uploads-tables.ts'
import type { FilesTables } from './files-tables.ts'

type GarbageTables = FilesTables & UploadsTables

// Each by itself: SQLite would read all of both to put a union in order.
const ofFiles = statement<GarbageTables, { after: string; limit: number }>()((db, p) =>
  db
    .selectFrom('garbage')
    .select('extent')
    .where('extent', '>', p('after'))
    .orderBy('extent')
    .limit(p('limit')),
)

const ofUploads = statement<GarbageTables, { after: string; limit: number }>()((db, p) =>
  db
    .selectFrom('upload_garbage')
    .select('extent')
    .where('extent', '>', p('after'))
    .orderBy('extent')
    .limit(p('limit')),
)

const one = statement<GarbageTables, { extent: string }>()((db, p) =>
  db
    .selectFrom('garbage')
    .select('extent')
    .where('extent', '=', p('extent'))
    .unionAll(
      db.selectFrom('upload_garbage').select('extent').where('extent', '=', p('extent')),
    ),
)

/** Whether the bytes of an extent wait to be destroyed. */
export async function isGarbage(sql: Sql, extent: string): Promise<boolean> {
  return (await sql.get(one, { extent })) !== undefined
}

/** Extents whose bytes may go, the oldest first, after one of them (`''`: from the start). */
export async function findGarbage(
  sql: Sql,
  page: { readonly after: string; readonly limit: number },
): Promise<{ readonly extent: string }[]> {
  const [files, uploads] = [await sql.all(ofFiles, page), await sql.all(ofUploads, page)]
  if (uploads.length === 0) return files
  return [...files, ...uploads]
    .sort((one, other) => (one.extent < other.extent ? -1 : 1))
    .slice(0, page.limit)
}
