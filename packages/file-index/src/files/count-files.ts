import { type LogTables, type Sql, type Statement, statement } from '@custody/event-log'
import type { FilesTables } from './files-tables.ts'
import { findUsage } from './usage.ts'

/** Which live files are counted. */
export type CountFiles = {
  readonly project: string
  readonly purpose?: string
  /** Unix seconds: files whose expiry has passed are not counted, whatever the log says yet. */
  readonly now: number
}

type Args = { project: string; purpose: string; now: number }

function overdue(byPurpose: boolean): Statement<Args, { count: number }> {
  return statement<FilesTables & LogTables, Args>()((db, p) => {
    // Cross joins, which SQLite keeps in their order: left to itself it reads all events of the project.
    const query = db
      .selectFrom('deadlines')
      .crossJoin('events')
      .crossJoin('files')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .whereRef('events.stream', '=', 'deadlines.file')
      .where('events.version', '=', 1)
      .whereRef('files.position', '=', 'events.position')
      .where('deadlines.due_at', '<=', p('now'))
      .where('events.project', '=', p('project'))
    return byPurpose ? query.where('files.purpose', '=', p('purpose')) : query
  })
}

const overdueFiles = { all: overdue(false), purpose: overdue(true) }

/**
 * How many files a list would have, all pages together: what usage counts, less the few that are due and not
 * logged as expired yet. Costs the same for any number of files.
 */
export async function countFiles(sql: Sql, query: CountFiles): Promise<number> {
  const { project, purpose, now } = query
  let files = 0
  for (const row of await findUsage(sql, project)) {
    if (purpose === undefined || row.purpose === purpose) files += row.files
  }
  const find = purpose === undefined ? overdueFiles.all : overdueFiles.purpose
  const due = await sql.get(find, { project, purpose: purpose ?? '', now })
  return files - (due?.count ?? 0)
}
