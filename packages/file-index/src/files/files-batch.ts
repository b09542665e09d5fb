import {
  type Erasable,
  type Erasure,
  effectiveExpiresAt,
  evolveFile,
  type FileState,
  type PlacedEvent,
} from '@custody/domain'
import {
  insertion,
  type LogEvent,
  type MaybePromise,
  type ProjectionBatch,
  type Sql,
  statement,
} from '@custody/event-log'
import { toFileRow } from './file-row.ts'
import type {
  DeadlineRow,
  FileRow,
  FilesTables,
  GarbageRow,
  UsageRow,
} from './files-tables.ts'
import { findFile } from './find-file.ts'
import { findPrivateGroups, findSource } from './private-groups.ts'
import { findUsage } from './usage.ts'

/** What decisions about files read, with what the batch did so far. */
export interface FilesBatch extends ProjectionBatch {
  file(id: string): MaybePromise<FileState | null>
  /** Bytes of the project's live files. */
  usedBytes(project: string): Promise<number>
  /** What there is to erase of a file, the upload that it came from included. */
  erasable(state: FileState): Promise<Erasable>
}

/** Columns of every upload. */
const columns = [
  'position',
  'id',
  'project',
  'seq',
  'version',
  'purpose',
  'bytes',
  'created_at',
  'expires_at',
  'expiry_policy',
  'kept_until',
  'effective_expires_at',
  'filename',
  'metadata',
  'sha256',
  'extents',
] as const

/** Columns that are null for nearly every upload. */
const rareColumns = [
  'retain_until',
  'holds',
  'classification',
  'compliance_regime',
  'damaged',
  'ended_position',
  'ended_seq',
  'ended_at',
  'ended_reason',
] as const

const insertFiles = insertion<FileRow>('files', [...columns, ...rareColumns])

/** For rows whose rare columns are null: a third fewer values to bind. */
const insertPlainFiles = insertion<FileRow>('files', columns)

const isPlain = (row: FileRow) => rareColumns.every((column) => row[column] === null)

const updateFile = statement<FilesTables, FileRow>()((db, p) =>
  db
    .updateTable('files')
    .set({
      version: p('version'),
      holds: p('holds'),
      kept_until: p('kept_until'),
      effective_expires_at: p('effective_expires_at'),
      filename: p('filename'),
      metadata: p('metadata'),
      sha256: p('sha256'),
      extents: p('extents'),
      damaged: p('damaged'),
      ended_position: p('ended_position'),
      ended_seq: p('ended_seq'),
      ended_at: p('ended_at'),
      ended_reason: p('ended_reason'),
    })
    .where('position', '=', p('position')),
)

const addUsage = insertion<UsageRow>('usage', ['project', 'purpose', 'files', 'bytes'], {
  suffix:
    'on conflict (project, purpose) do update set files = existing.files + excluded.files, bytes = existing.bytes + excluded.bytes',
})

const insertDeadlines = insertion<DeadlineRow>('deadlines', ['due_at', 'file'])

const deleteDeadline = statement<FilesTables, DeadlineRow>()((db, p) =>
  db
    .deleteFrom('deadlines')
    .where('due_at', '=', p('due_at'))
    .where('file', '=', p('file')),
)

// An erasure queues again what waits already: a replay finds it only there.
const insertGarbage = insertion<GarbageRow>('garbage', ['extent', 'file'], {
  suffix: 'on conflict (extent) do nothing',
})

const findGarbage = statement<FilesTables, { extent: string }>()((db, p) =>
  db.selectFrom('garbage').select('extent').where('extent', '=', p('extent')),
)

const deleteGarbage = statement<FilesTables, { extent: string }>()((db, p) =>
  db.deleteFrom('garbage').where('extent', '=', p('extent')),
)

type Touched = {
  /** As the batch found it; null: it was uploaded in the batch. */
  readonly before: FileState | null
  readonly state: FileState
}

/** What one batch of events does to these tables. */
export function openFilesBatch(sql: Sql): FilesBatch {
  const touched = new Map<string, Touched>()
  const usage = new Map<string, UsageRow>()
  const queued = new Map<string, GarbageRow>()
  const destroyed = new Set<string>()
  /** Private groups of this batch's holds, which the table does not have yet, and those that it erased. */
  const fresh = new Map<string, Erasure[]>()
  const erased = new Set<string>()

  function count(state: FileState, sign: 1 | -1): void {
    const key = `${state.project}\n${state.purpose}`
    let row = usage.get(key)
    if (!row) {
      row = { project: state.project, purpose: state.purpose, files: 0, bytes: 0 }
      usage.set(key, row)
    }
    row.files += sign
    row.bytes += sign * state.bytes
  }

  function file(id: string): MaybePromise<FileState | null> {
    return touched.get(id)?.state ?? findFile(sql, id)
  }

  async function change(event: FileChange): Promise<void> {
    const known = touched.get(event.stream)
    const found = await file(event.stream)
    const state = evolveFile(found, event)
    touched.set(state.id, { before: known ? known.before : found, state })
    if (event.type === 'FileHeld' && event.private.personal) {
      const group = { position: event.position, group: 'personal' }
      fresh.set(state.id, [...(fresh.get(state.id) ?? []), group])
    }
    if (!state.ended || found?.ended) return
    count(state, -1)
    for (const { id } of state.extents) queue(id, state.id)
  }

  function queue(extent: string, file: string): void {
    queued.set(extent, { extent, file })
  }

  async function erase(event: PlacedEvent<'PrivateDataErased'>): Promise<void> {
    // It may be another thing's than a file's.
    if (!(await file(event.stream))) return
    await change(event)
    for (const one of event.data.erased) erased.add(keyOf(one))
    for (const extent of event.data.extents ?? []) queue(extent, event.stream)
  }

  async function isWaiting(extent: string): Promise<boolean> {
    if (queued.has(extent)) return true
    return (
      !destroyed.has(extent) && (await sql.get(findGarbage, { extent })) !== undefined
    )
  }

  return {
    file,

    async usedBytes(project) {
      let bytes = 0
      for (const row of await findUsage(sql, project)) bytes += row.bytes
      for (const row of usage.values()) if (row.project === project) bytes += row.bytes
      return bytes
    },

    async erasable(state) {
      const source = await findSource(sql, state.id)
      const { position } = state
      const isNew = touched.get(state.id)?.before === null
      const groups = [
        ...(isNew ? ['personal', 'content'].map((group) => ({ position, group })) : []),
        ...(await findPrivateGroups(sql, state.id)),
        ...(fresh.get(state.id) ?? []),
        ...(source === undefined ? [] : await findPrivateGroups(sql, source)),
      ].filter((one) => !erased.has(keyOf(one)))
      const extents: string[] = []
      for (const { id } of state.extents) {
        if (!state.ended || (await isWaiting(id))) extents.push(id)
      }
      return { groups, extents }
    },

    apply(logEvent: LogEvent) {
      const event = logEvent as FileIndexEvent
      switch (event.type) {
        case 'FileUploaded': {
          const state = evolveFile(null, event)
          touched.set(state.id, { before: null, state })
          count(state, 1)
          return
        }
        case 'ContentDestroyed':
          for (const extent of event.data.extents) {
            queued.delete(extent)
            // Whether it was queued before the batch as well is not known here.
            destroyed.add(extent)
          }
          return
        case 'PrivateDataErased':
          return erase(event)
        default:
          return change(event)
      }
    },

    async flush() {
      const plain: FileRow[] = []
      const files: FileRow[] = []
      const deadlines: DeadlineRow[] = []
      for (const { before, state } of touched.values()) {
        const row = toFileRow(state)
        if (before) await sql.run(updateFile, row)
        else if (isPlain(row)) plain.push(row)
        else files.push(row)
        const [was, is] = [before && deadlineOf(before), deadlineOf(state)]
        if (was === is) continue
        if (was !== null) await sql.run(deleteDeadline, { due_at: was, file: state.id })
        if (is !== null) deadlines.push({ due_at: is, file: state.id })
      }
      await sql.insert(insertPlainFiles, plain)
      await sql.insert(insertFiles, files)
      await sql.insert(insertDeadlines, deadlines)
      // A row that adds nothing too: whether there is one must not depend on where a batch ends.
      await sql.insert(addUsage, [...usage.values()])
      // What is destroyed was queued before, and is never queued again.
      for (const extent of destroyed) await sql.run(deleteGarbage, { extent })
      await sql.insert(insertGarbage, [...queued.values()])
      touched.clear()
      usage.clear()
      queued.clear()
      destroyed.clear()
      fresh.clear()
      erased.clear()
    },
  }
}

const keyOf = ({ position, group }: Erasure) => `${position} ${group}`

/** A deadline goes when the file has ended, and only then or while it is held. */
function deadlineOf(state: FileState): number | null {
  return state.ended ? null : effectiveExpiresAt(state)
}

type FileChange = PlacedEvent<
  | 'FileHeld'
  | 'FileReleased'
  | 'FileDamaged'
  | 'FileRepaired'
  | 'FileDeleted'
  | 'FileExpired'
  | 'FileErased'
  | 'PrivateDataErased'
>
type FileIndexEvent = FileChange | PlacedEvent<'FileUploaded' | 'ContentDestroyed'>
