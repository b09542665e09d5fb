import type { Extent } from '@custody/domain'
import { type LogTables, type Sql, statement } from '@custody/event-log'

const PAGE = 100

/** What ends a file, or an upload for those of its parts that no file has. */
const ENDS = [
  'FileDeleted',
  'FileExpired',
  'FileErased',
  'UploadCompleted',
  'UploadCancelled',
  'UploadExpired',
]

/** Content that an event promises, of a file or of a part of an upload. */
export type PromisedExtents = {
  /** Of the event. */
  readonly position: number
  /** Id of the file, or of the upload that the part is of. */
  readonly stream: string
  /** Once the upload is completed, the file that it became promises the extent. */
  readonly isPart: boolean
  readonly extents: readonly Extent[]
}

const promises = statement<LogTables, { from: number; to: number; limit: number }>()(
  (db, p) =>
    db
      .selectFrom('events')
      .innerJoin('event_private', 'event_private.position', 'events.position')
      .select(['events.position', 'events.stream', 'events.record', 'event_private.body'])
      .where('events.type', 'in', ['FileUploaded', 'UploadPartAdded'])
      .where('event_private.grp', '=', 'content')
      .where('events.position', '>=', p('from'))
      .where('events.position', '<=', p('to'))
      .orderBy('events.position')
      .limit(p('limit')),
)

const firstEnd = statement<LogTables, { stream: string }>()((db, p) =>
  db
    .selectFrom('events')
    .select('position')
    .where('stream', '=', p('stream'))
    .where('type', 'in', ENDS)
    .orderBy('version')
    .limit(1),
)

/**
 * What the events between two positions, inclusive, promise, as far as it was not erased: of files and of parts, ended
 * ones too. An event that cannot be read promises nothing: the verification of the log tells of it.
 */
export async function* listPromisedExtents(
  sql: Sql,
  range: { readonly from: number; readonly to: number },
): AsyncGenerator<PromisedExtents> {
  for (let from = range.from; ; ) {
    const rows = await sql.all(promises, { from, to: range.to, limit: PAGE })
    for (const { position, stream, record, body } of rows) {
      const part = partIn(record, body)
      const extents = part ? [part] : extentsIn(body)
      yield { position, stream, isPart: part !== undefined, extents }
      from = position + 1
    }
    if (rows.length < PAGE) return
  }
}

/** Position of the event that ended a file or an upload; undefined: it has not ended. */
export async function endsStream(sql: Sql, stream: string): Promise<number | undefined> {
  return (await sql.get(firstEnd, { stream }))?.position
}

function partIn(record: string, body: string): Extent | undefined {
  try {
    const { type, data }: Partial<Record<string, unknown>> = JSON.parse(record)
    if (type !== 'UploadPartAdded') return undefined
    const { part: id, bytes } = Object(data)
    const extent = { id, bytes, sha256: JSON.parse(body).sha256 }
    return isExtent(extent) ? extent : undefined
  } catch {
    return undefined
  }
}

function extentsIn(body: string): readonly Extent[] {
  try {
    const { extents }: { readonly extents?: unknown } = JSON.parse(body)
    return Array.isArray(extents) ? extents.filter(isExtent) : []
  } catch {
    return []
  }
}

function isExtent(value: unknown): value is Extent {
  if (typeof value !== 'object' || value === null) return false
  const { id, bytes, sha256 } = value as Partial<Extent>
  return (
    typeof id === 'string' &&
    Number.isSafeInteger(bytes) &&
    Number(bytes) >= 0 &&
    typeof sha256 === 'string'
  )
}
