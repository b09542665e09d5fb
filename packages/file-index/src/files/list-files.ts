import type { FileState } from '@custody/domain'
import { type LogTables, type Sql, type Statement, statement } from '@custody/event-log'
import type { Kysely } from 'kysely'
import { toFileState } from './file-row.ts'
import type { FileRow, FilesTables } from './files-tables.ts'
import { listedColumns, noExtents } from './listed-columns.ts'

/** What the files of a list have in common. */
export type FilesFilter = {
  readonly purpose?: string
  readonly classification?: string
  readonly complianceRegime?: string
}

/** A page of the live files of a project. */
export type ListFiles = FilesFilter & {
  readonly project: string
  readonly order: 'asc' | 'desc'
  /** Exclusive: the `seq` of the last file seen, which may have ended meanwhile. */
  readonly after?: number
  /** Files that are passed over first. It costs time in proportion; `after` does not. Default: none. */
  readonly offset?: number
  readonly limit: number
  /** Unix seconds: files whose expiry has passed are not there, whatever the log says yet. */
  readonly now: number
}

type Args = {
  project: string
  purpose: string
  classification: string
  regime: string
  after: number
  limit: number
  now: number
}

type Page = Statement<Args, FileRow>
type SkipArgs = Args & { offset: number }
type Skip = Statement<SkipArgs, { seq: number }>

type Parameters = <Name extends keyof Args>(name: Name) => Args[Name]

/** The project's files that the log has not ended. */
function liveFiles(
  db: Kysely<FilesTables & LogTables>,
  p: Parameters,
  order: 'asc' | 'desc',
  filter: FilesFilter,
) {
  let query = db
    .selectFrom('files')
    .where('project', '=', p('project'))
    .where('ended_position', 'is', null)
    .where('seq', order === 'desc' ? '<' : '>', p('after'))
    .orderBy('seq', order)
  if (filter.purpose !== undefined) query = query.where('purpose', '=', p('purpose'))
  if (filter.classification !== undefined)
    query = query.where('classification', '=', p('classification'))
  if (filter.complianceRegime !== undefined)
    query = query.where('compliance_regime', '=', p('regime'))
  return query
}

function page(order: 'asc' | 'desc', filter: FilesFilter): Page {
  return statement<FilesTables & LogTables, Args>()((db, p) =>
    liveFiles(db, p, order, filter)
      .select([...listedColumns, noExtents])
      .where((eb) =>
        eb.or([
          eb('effective_expires_at', 'is', null),
          eb('effective_expires_at', '>', p('now')),
        ]),
      )
      .limit(p('limit')),
  )
}

/**
 * The first file behind an offset. Only columns of an index are asked for: the deadlines say which files are due, so
 * that no row is read of all that are passed over.
 */
function skip(order: 'asc' | 'desc', filter: FilesFilter): Skip {
  return statement<FilesTables & LogTables, SkipArgs>()((db, p) =>
    liveFiles(db, p, order, filter)
      .select('seq')
      .where('position', 'not in', (eb) =>
        // A cross join, which SQLite keeps in its order
        eb
          .selectFrom('deadlines')
          .crossJoin('events')
          .select('events.position')
          .whereRef('events.stream', '=', 'deadlines.file')
          .where('events.version', '=', 1)
          .where('deadlines.due_at', '<=', p('now')),
      )
      .limit(1)
      .offset(p('offset')),
  )
}

const statements = new Map<string, { readonly page: Page; readonly skip: Skip }>()

/** For each order and each set of filters, made when it is first asked for. */
function statementsFor({ order, ...query }: ListFiles) {
  const { purpose, classification, complianceRegime } = query
  const key = `${order} ${purpose === undefined} ${classification === undefined} ${complianceRegime === undefined}`
  let found = statements.get(key)
  if (!found) {
    found = { page: page(order, query), skip: skip(order, query) }
    statements.set(key, found)
  }
  return found
}

/**
 * One keyset page of live files, without their extents, in the order of their upload. No page costs more than
 * another, unless several filters together leave few of many.
 */
export async function listFiles(sql: Sql, query: ListFiles): Promise<FileState[]> {
  const { order, offset = 0 } = query
  const { page, skip } = statementsFor(query)
  const args = {
    project: query.project,
    purpose: query.purpose ?? '',
    classification: query.classification ?? '',
    regime: query.complianceRegime ?? '',
    after: query.after ?? (order === 'desc' ? Number.MAX_SAFE_INTEGER : 0),
    limit: query.limit,
    now: query.now,
  }
  if (offset > 0) {
    const first = await sql.get(skip, { ...args, offset })
    if (!first) return []
    args.after = order === 'desc' ? first.seq + 1 : first.seq - 1
  }
  return (await sql.all(page, args)).map(toFileState)
}
