import { evolveUpload, type PlacedEvent, type Upload } from '@custody/domain'
import {
  insertion,
  type LogEvent,
  type LogTables,
  type ProjectionBatch,
  type Sql,
  statement,
} from '@custody/event-log'
import { findUpload, listUploadParts } from './find-upload.ts'
import { findPendingBytes } from './pending-bytes.ts'
import { toUploadRow } from './upload-row.ts'
import type {
  UploadDeadlineRow,
  UploadGarbageRow,
  UploadPartRow,
  UploadRow,
  UploadsTables,
  UploadUsageRow,
} from './uploads-tables.ts'

/** What decisions about uploads in parts read, with what the batch did so far. */
export interface UploadsBatch extends ProjectionBatch {
  upload(id: string): Promise<Upload | null>
  /** Bytes in the parts of the project's pending uploads. */
  pendingBytes(project: string): Promise<number>
}

const insertUploads = insertion<UploadRow>('uploads', [
  'position',
  'id',
  'project',
  'version',
  'purpose',
  'bytes',
  'created_at',
  'expires_at',
  'file_expires_after',
  'classification',
  'compliance_regime',
  'options',
  'filename',
  'metadata',
  'text_options',
  'declared_type',
  'part_count',
  'part_bytes',
  'ended_position',
  'ended_at',
  'ended_status',
  'file',
  'file_parts',
  'md5',
])

const updateUpload = statement<UploadsTables, UploadRow>()((db, p) =>
  db
    .updateTable('uploads')
    .set({
      version: p('version'),
      part_count: p('part_count'),
      part_bytes: p('part_bytes'),
      ended_position: p('ended_position'),
      ended_at: p('ended_at'),
      ended_status: p('ended_status'),
      file: p('file'),
      file_parts: p('file_parts'),
      md5: p('md5'),
    })
    .where('position', '=', p('position')),
)

const insertParts = insertion<UploadPartRow>('upload_parts', [
  'upload',
  'position',
  'id',
  'bytes',
  'created_at',
  'sha256',
])

const insertDeadlines = insertion<UploadDeadlineRow>('upload_deadlines', [
  'due_at',
  'upload',
])

const deleteDeadline = statement<UploadsTables, UploadDeadlineRow>()((db, p) =>
  db
    .deleteFrom('upload_deadlines')
    .where('due_at', '=', p('due_at'))
    .where('upload', '=', p('upload')),
)

const addUsage = insertion<UploadUsageRow>('upload_usage', ['project', 'bytes'], {
  suffix: 'on conflict (project) do update set bytes = existing.bytes + excluded.bytes',
})

const insertGarbage = insertion<UploadGarbageRow>('upload_garbage', ['extent', 'upload'])

const deleteGarbage = statement<UploadsTables, { extent: string }>()((db, p) =>
  db.deleteFrom('upload_garbage').where('extent', '=', p('extent')),
)

const streamOf = statement<LogTables, { position: number }>()((db, p) =>
  db.selectFrom('events').select('stream').where('position', '=', p('position')),
)

const erasePersonal = statement<UploadsTables, { position: number }>()((db, p) =>
  db
    .updateTable('uploads')
    .set({ filename: null, metadata: null, text_options: null })
    .where('position', '=', p('position')),
)

const eraseType = statement<UploadsTables, { position: number }>()((db, p) =>
  db
    .updateTable('uploads')
    .set({ declared_type: null })
    .where('position', '=', p('position')),
)

const eraseDigest = statement<UploadsTables, { upload: string; position: number }>()(
  (db, p) =>
    db
      .updateTable('upload_parts')
      .set({ sha256: null })
      .where('upload', '=', p('upload'))
      .where('position', '=', p('position')),
)

const eraseMd5 = statement<UploadsTables, { created: number; position: number }>()(
  (db, p) =>
    db
      .updateTable('uploads')
      .set({ md5: null })
      .where('position', '=', p('created'))
      .where('ended_position', '=', p('position')),
)

type Touched = {
  /** As the batch found it; null: it was created in the batch. */
  readonly before: Upload | null
  readonly state: Upload
}

/** What one batch of events does to these tables. */
export function openUploadsBatch(sql: Sql): UploadsBatch {
  const touched = new Map<string, Touched>()
  const parts = new Map<string, UploadPartRow[]>()
  const usage = new Map<string, number>()
  const queued = new Map<string, UploadGarbageRow>()
  const destroyed = new Set<string>()
  const erased: { readonly position: number; readonly group: string }[] = []

  const count = (project: string, bytes: number) =>
    void usage.set(project, (usage.get(project) ?? 0) + bytes)

  async function upload(id: string): Promise<Upload | null> {
    return touched.get(id)?.state ?? (await findUpload(sql, id))
  }

  async function partIds(id: string): Promise<string[]> {
    const former = await listUploadParts(sql, id)
    return [...former, ...(parts.get(id) ?? [])].map((part) => part.id)
  }

  async function change(event: UploadChange): Promise<void> {
    const known = touched.get(event.stream)
    const found = await upload(event.stream)
    const state = evolveUpload(found, event)
    touched.set(state.id, { before: known ? known.before : found, state })
    if (event.type === 'UploadPartAdded') {
      const { part: id, bytes } = event.data
      const sha256 = event.private.content?.sha256 ?? null
      const { position, time: created_at } = event
      const added = { upload: state.id, position, id, bytes, created_at, sha256 }
      parts.set(state.id, [...(parts.get(state.id) ?? []), added])
      count(state.project, bytes)
    }
    if (!state.ended) return
    count(state.project, -state.partBytes)
    const kept = new Set(state.ended.status === 'completed' ? state.ended.parts : [])
    for (const extent of await partIds(state.id)) {
      if (!kept.has(extent)) queued.set(extent, { extent, upload: state.id })
    }
  }

  /** Removes what an erased group had said. Positions of other streams concern nothing here. */
  async function erase(position: number, group: string): Promise<void> {
    if (group === 'personal') await sql.run(erasePersonal, { position })
    if (group !== 'content') return
    const found = await sql.get(streamOf, { position })
    const state = found && (await findUpload(sql, found.stream))
    if (!state) return
    await sql.run(eraseType, { position })
    await sql.run(eraseDigest, { upload: state.id, position })
    await sql.run(eraseMd5, { created: state.position, position })
  }

  return {
    upload,

    async pendingBytes(project) {
      return (await findPendingBytes(sql, project)) + (usage.get(project) ?? 0)
    },

    apply(logEvent: LogEvent) {
      const event = logEvent as UploadIndexEvent
      switch (event.type) {
        case 'UploadCreated': {
          const state = evolveUpload(null, event)
          touched.set(state.id, { before: null, state })
          return
        }
        case 'ContentDestroyed':
          for (const extent of event.data.extents) {
            if (!queued.delete(extent)) destroyed.add(extent)
          }
          return
        case 'PrivateDataErased':
          erased.push(...event.data.erased)
          return
        default:
          return change(event)
      }
    },

    async flush() {
      const uploads: UploadRow[] = []
      const deadlines: UploadDeadlineRow[] = []
      for (const { before, state } of touched.values()) {
        const row = toUploadRow(state)
        if (before) await sql.run(updateUpload, row)
        else uploads.push(row)
        const deadline = { due_at: state.expiresAt, upload: state.id }
        if (before && state.ended) await sql.run(deleteDeadline, deadline)
        else if (!before && !state.ended) deadlines.push(deadline)
      }
      await sql.insert(insertUploads, uploads)
      await sql.insert(insertParts, [...parts.values()].flat())
      await sql.insert(insertDeadlines, deadlines)
      // A row that adds nothing too: whether there is one must not depend on where a batch ends.
      await sql.insert(
        addUsage,
        [...usage].map(([project, bytes]) => ({ project, bytes })),
      )
      // What is destroyed here was queued before: what this batch queued as well is in neither set.
      for (const extent of destroyed) await sql.run(deleteGarbage, { extent })
      await sql.insert(insertGarbage, [...queued.values()])
      for (const { position, group } of erased) await erase(position, group)
      touched.clear()
      parts.clear()
      usage.clear()
      queued.clear()
      destroyed.clear()
      erased.length = 0
    },
  }
}

type UploadChange = PlacedEvent<
  'UploadPartAdded' | 'UploadCompleted' | 'UploadCancelled' | 'UploadExpired'
>
type UploadIndexEvent =
  | UploadChange
  | PlacedEvent<'UploadCreated' | 'ContentDestroyed' | 'PrivateDataErased'>
