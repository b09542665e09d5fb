import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql as raw } from 'kysely'
import type { LogTables } from '../append/log-tables.ts'
import type { Sql } from '../sql/sql.ts'
import { type Statement, statement } from '../sql/statement.ts'
import { withPrivateGroups } from './read-events.ts'
import type { StoredEvent } from './stored-event.ts'

/** Events that are looked at without a break: some milliseconds. */
const WINDOW = 2_000

/** Which events of a project, in which order. */
export type ProjectQuery = {
  readonly project: string
  /** Exclusive: events with a larger `seq`. Default: from the first on. */
  readonly after?: number
  /** Exclusive: events with a smaller `seq`. Default: up to the last. */
  readonly before?: number
  readonly order: 'asc' | 'desc'
  /** Events at most. */
  readonly limit: number
  readonly stream?: string
  readonly types?: readonly string[]
  readonly signal?: AbortSignal
}

type Args = {
  project: string
  stream: string
  after: number
  before: number
  limit: number
}
type Row = { position: number; record: string }

/** One statement for each combination of filters: prepared once. */
const byShape = new Map<string, Statement<Args, Row>>()

function pageStatement({ order, stream, types }: ProjectQuery): Statement<Args, Row> {
  const shape = JSON.stringify([order, stream === undefined, types])
  let found = byShape.get(shape)
  if (!found) {
    found = statement<LogTables, Args>()((db, p) => {
      const events = db
        .selectFrom('events')
        .select(['position', 'record'])
        .where('seq', '>', p('after'))
        .where('seq', '<', p('before'))
        .limit(p('limit'))
      // The plus keeps SQLite from the index by project: a stream is short, and in the order of its versions.
      const some =
        stream === undefined
          ? events.where('project', '=', p('project')).orderBy('seq', order)
          : events
              .where('stream', '=', p('stream'))
              .where(raw`+project`, '=', p('project'))
              .orderBy('version', order)
      return types ? some.where(raw`+type`, 'in', types) : some
    })
    byShape.set(shape, found)
  }
  return found
}

const lastOf = statement<LogTables, { project: string }>()((db, p) =>
  db
    .selectFrom('events')
    .select(['seq', 'time'])
    .where('project', '=', p('project'))
    .orderBy('seq', 'desc')
    .limit(1),
)

/** The `seq` of the project's last event; 0 where it has none. */
export async function lastSeq(sql: Sql, project: string): Promise<number> {
  return (await sql.get(lastOf, { project }))?.seq ?? 0
}

/**
 * Events of one project by their place in it. Where few of many match, it takes breaks while it looks for them, so
 * that nobody else has to wait.
 */
export async function readProjectEvents(
  sql: Sql,
  query: ProjectQuery,
): Promise<StoredEvent[]> {
  const { project, stream = '', types, order, limit, signal } = query
  if (types?.length === 0) return []
  const page = pageStatement(query)
  const end = Math.min(query.before ?? Infinity, (await lastSeq(sql, project)) + 1)
  const begin = query.after ?? 0
  // Without a filter all match, and a stream is short: one look is enough.
  const window = stream === '' && types ? WINDOW : end - begin
  const rows: Row[] = []
  for (let done = 0; done < end - 1 - begin && rows.length < limit; done += window) {
    if (done > 0) await nextTurn()
    signal?.throwIfAborted()
    const [after, before] =
      order === 'asc'
        ? [begin + done, Math.min(begin + done + window + 1, end)]
        : [Math.max(end - 1 - done - window, begin), end - done]
    const left = limit - rows.length
    rows.push(...(await sql.all(page, { project, stream, after, before, limit: left })))
  }
  return await withPrivateGroups(sql, rows)
}
