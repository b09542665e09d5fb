import type { FileState } from '@custody/domain'
import { type Sql, type Statement, statement } from '@custody/event-log'
import { toFileState } from './file-row.ts'
import type { FileRow, FilesTables } from './files-tables.ts'

export type ListFiles = {
  readonly project: string
  readonly purpose?: string
  readonly order: 'asc' | 'desc'
  /** Exclusive: the `seq` of the last file seen, which may have ended meanwhile. */
  readonly after?: number
  readonly limit: number
  /** Unix seconds: files whose expiry has passed are not there, whatever the log says yet. */
  readonly now: number
}

type Args = {
  project: string
  purpose: string
  after: number
  limit: number
  now: number
}

function page(descending: boolean, byPurpose: boolean): Statement<Args, FileRow> {
  return statement<FilesTables, Args>()((db, p) => {
    const query = db
      .selectFrom('files')
      .selectAll()
      .where('project', '=', p('project'))
      .where('ended_position', 'is', null)
      .where('seq', descending ? '<' : '>', p('after'))
      .where((eb) =>
        eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', p('now'))]),
      )
      .orderBy('seq', descending ? 'desc' : 'asc')
      .limit(p('limit'))
    return byPurpose ? query.where('purpose', '=', p('purpose')) : query
  })
}

const pages = {
  desc: { all: page(true, false), purpose: page(true, true) },
  asc: { all: page(false, false), purpose: page(false, true) },
}

/** One keyset page of live files, in the order of their upload. No page costs more than another. */
export async function listFiles(sql: Sql, query: ListFiles): Promise<FileState[]> {
  const rows = await sql.all(
    pages[query.order][query.purpose === undefined ? 'all' : 'purpose'],
    {
      project: query.project,
      purpose: query.purpose ?? '',
      after: query.after ?? (query.order === 'desc' ? Number.MAX_SAFE_INTEGER : 0),
      limit: query.limit,
      now: query.now,
    },
  )
  return rows.map(toFileState)
}
