import { setImmediate as nextTurn } from 'node:timers/promises'
import { evolveFile, type FileState, isFileEvent, isLive, upcast } from '@custody/domain'
import {
  type LogTables,
  readProjectEvents,
  type Sql,
  type Statement,
  statement,
  toLogEvent,
} from '@custody/event-log'
import { sql as raw } from 'kysely'
import { toFileState } from './file-row.ts'
import type { FileRow, FilesTables } from './files-tables.ts'
import type { FilesFilter } from './list-files.ts'
import { listedColumns, noExtents } from './listed-columns.ts'

/** Events of the project that are looked at without a break: some milliseconds. */
const WINDOW = 1_000

/** A moment of a project's history. */
export type Moment = {
  /** The `seq` of the last event until then; 0: there was none. */
  readonly seq: number
  /** Microseconds since the Unix epoch. */
  readonly time: number
}

/** A page of the files of a project as they were at a moment. */
export type ListFilesAsOf = FilesFilter & {
  readonly project: string
  readonly order: 'asc' | 'desc'
  /** Exclusive: the `seq` of the last file seen. */
  readonly after?: number
  readonly limit: number
  readonly moment: Moment
  readonly signal?: AbortSignal
}

type Args = {
  project: string
  purpose: string
  classification: string
  regime: string
  above: number
  below: number
  seq: number
  limit: number
}

/** One statement for each order and each set of filters, made when it is first asked for. */
const pages = new Map<string, Statement<Args, FileRow>>()

function pageFor({ order, purpose, classification, complianceRegime }: ListFilesAsOf) {
  const isSet = [purpose, classification, complianceRegime].map(
    (one) => one !== undefined,
  )
  const key = `${order} ${isSet}`
  let found = pages.get(key)
  if (!found) {
    // The log has the places of all files in the project's order, of those that have ended, too.
    found = statement<FilesTables & LogTables, Args>()((db, p) => {
      let query = db
        .selectFrom('events')
        .innerJoin('files', 'files.position', 'events.position')
        .select([...listedColumns, noExtents])
        .where('events.project', '=', p('project'))
        .where('events.seq', '>', p('above'))
        .where('events.seq', '<', p('below'))
        // The plus keeps SQLite from the index by type.
        .where(raw`+events.type`, '=', 'FileUploaded')
        .where((eb) =>
          eb.or([
            eb('files.ended_seq', 'is', null),
            eb('files.ended_seq', '>', p('seq')),
          ]),
        )
        .orderBy('events.seq', order)
        .limit(p('limit'))
      if (isSet[0]) query = query.where('files.purpose', '=', p('purpose'))
      if (isSet[1]) query = query.where('files.classification', '=', p('classification'))
      if (isSet[2]) query = query.where('files.compliance_regime', '=', p('regime'))
      return query
    })
    pages.set(key, found)
  }
  return found
}

/**
 * One page of the files that there were at a moment, each as it was then but for its extents, in the order of their
 * upload. It takes breaks on its way past files that had ended by then.
 */
export async function listFilesAsOf(
  sql: Sql,
  query: ListFilesAsOf,
): Promise<FileState[]> {
  const { project, order, limit, moment, signal } = query
  const page = pageFor(query)
  let above = order === 'asc' ? (query.after ?? 0) : 0
  let below = moment.seq + 1
  if (order === 'desc' && query.after !== undefined) below = Math.min(below, query.after)
  const found: FileState[] = []
  while (below - above > 1 && found.length < limit) {
    const window =
      order === 'asc'
        ? { above, below: Math.min(below, above + WINDOW + 1) }
        : { above: Math.max(above, below - WINDOW - 1), below }
    const left = limit - found.length
    const rows = await sql.all(page, {
      project,
      purpose: query.purpose ?? '',
      classification: query.classification ?? '',
      regime: query.complianceRegime ?? '',
      ...window,
      seq: moment.seq,
      limit: left,
    })
    for (const row of rows) {
      const state = await fileAsOf(sql, toFileState(row), moment)
      if (state) found.push({ ...state, extents: [] })
    }
    const last = rows.length === left ? rows.at(-1)?.seq : undefined
    if (order === 'asc') above = last ?? window.below - 1
    else below = last ?? window.above + 1
    if (below - above <= 1 || found.length >= limit) break
    await nextTurn()
    signal?.throwIfAborted()
  }
  return found
}

/** The file as it was at a moment; null: it was not there, not yet or no more. `file`: as it is. */
export async function fileAsOf(
  sql: Sql,
  file: FileState,
  moment: Moment,
): Promise<FileState | null> {
  if (file.seq > moment.seq) return null
  const state = await evolvedUntil(sql, file, moment.seq)
  return isLive(state, moment.time) ? state : null
}

async function evolvedUntil(sql: Sql, file: FileState, seq: number): Promise<FileState> {
  // Most files are uploaded, and then end: the row has all that their events say, which are not read then.
  if (file.version === 1) return file
  if (file.version === 2 && file.ended) {
    return file.ended.seq > seq ? { ...file, version: 1, ended: null } : file
  }
  const events = await readProjectEvents(sql, {
    project: file.project,
    stream: file.id,
    before: seq + 1,
    order: 'asc',
    limit: Number.MAX_SAFE_INTEGER,
  })
  let state: FileState | null = null
  for (const stored of events) {
    const event = toLogEvent(stored, upcast)
    if (isFileEvent(event)) state = evolveFile(state, event)
  }
  if (!state) throw new TypeError(`File ${file.id} has no events`)
  return state
}
