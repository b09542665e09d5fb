import type { Upload, UploadPart } from '@custody/domain'
import { type LogTables, type Sql, statement } from '@custody/event-log'
import { toUpload, toUploadPart } from './upload-row.ts'
import type { UploadsTables } from './uploads-tables.ts'

// The log's own index of streams tells where an upload was created, so `uploads` needs none by id.
const find = statement<UploadsTables & LogTables, { id: string }>()((db, p) =>
  db
    .selectFrom('events')
    .innerJoin('uploads', 'uploads.position', 'events.position')
    .selectAll('uploads')
    .where('events.stream', '=', p('id'))
    .where('events.version', '=', 1),
)

const findOf = statement<UploadsTables & LogTables, { id: string; project: string }>()(
  (db, p) =>
    db
      .selectFrom('events')
      .innerJoin('uploads', 'uploads.position', 'events.position')
      .selectAll('uploads')
      .where('events.stream', '=', p('id'))
      .where('events.version', '=', 1)
      .where('events.project', '=', p('project')),
)

const partsOf = statement<UploadsTables, { upload: string }>()((db, p) =>
  db
    .selectFrom('upload_parts')
    .selectAll()
    .where('upload', '=', p('upload'))
    .orderBy('position'),
)

/** The upload, ended or not, or null. */
export async function findUpload(sql: Sql, id: string): Promise<Upload | null> {
  const row = await sql.get(find, { id })
  return row ? toUpload(row) : null
}

/** The project's upload, ended or not, or null: another project's costs what one costs that never was. */
export async function findUploadOf(
  sql: Sql,
  project: string,
  id: string,
): Promise<Upload | null> {
  const row = await sql.get(findOf, { id, project })
  return row ? toUpload(row) : null
}

/** All parts that an upload was given, in the order in which they came; the bytes of some may be gone. */
export async function listUploadParts(sql: Sql, upload: string): Promise<UploadPart[]> {
  return (await sql.all(partsOf, { upload })).map(toUploadPart)
}
