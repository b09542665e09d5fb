import type { FileState } from '@custody/domain'
import { type Sql, type Statement, statement } from '@custody/event-log'
import { toFileState } from './file-row.ts'
import type { FileRow, FilesTables } from './files-tables.ts'

/** What the files of a list have in common. */
export type FilesFilter = {
  readonly purpose?: string
  readonly classification?: string
  readonly complianceRegime?: string
}

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
  offset: number
  limit: number
  now: number
}

type Page = Statement<Args, FileRow>

function page(order: 'asc' | 'desc', filter: FilesFilter): Page {
  return statement<FilesTables, Args>()((db, p) => {
    let query = db
      .selectFrom('files')
      .selectAll()
      .where('project', '=', p('project'))
      .where('ended_position', 'is', null)
      .where('seq', order === 'desc' ? '<' : '>', p('after'))
      .where((eb) =>
        eb.or([
          eb('effective_expires_at', 'is', null),
          eb('effective_expires_at', '>', p('now')),
        ]),
      )
      .orderBy('seq', order)
      .limit(p('limit'))
      .offset(p('offset'))
    if (filter.purpose !== undefined) query = query.where('purpose', '=', p('purpose'))
    if (filter.classification !== undefined)
      query = query.where('classification', '=', p('classification'))
    if (filter.complianceRegime !== undefined)
      query = query.where('compliance_regime', '=', p('regime'))
    return query
  })
}

const pages = new Map<string, Page>()

/** One statement for each order and each set of filters, made when it is first asked for. */
function pageFor({ order, ...query }: ListFiles): Page {
  const { purpose, classification, complianceRegime } = query
  const key = `${order} ${purpose === undefined} ${classification === undefined} ${complianceRegime === undefined}`
  let found = pages.get(key)
  if (!found) {
    found = page(order, query)
    pages.set(key, found)
  }
  return found
}

/**
 * One keyset page of live files, in the order of their upload. No page costs more than another, unless several
 * filters together leave few of many.
 */
export async function listFiles(sql: Sql, query: ListFiles): Promise<FileState[]> {
  const rows = await sql.all(pageFor(query), {
    project: query.project,
    purpose: query.purpose ?? '',
    classification: query.classification ?? '',
    regime: query.complianceRegime ?? '',
    after: query.after ?? (query.order === 'desc' ? Number.MAX_SAFE_INTEGER : 0),
    offset: query.offset ?? 0,
    limit: query.limit,
    now: query.now,
  })
  return rows.map(toFileState)
}
