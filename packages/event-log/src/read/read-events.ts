import { sql as raw } from 'kysely'
import type { LogTables } from '../append/log-tables.ts'
import type { Sql } from '../sql/sql.ts'
import { type Statement, statement } from '../sql/statement.ts'
import { parseStoredEvent, type StoredEvent } from './stored-event.ts'

/** Events of a page, unless the caller asks for fewer. */
export const PAGE_SIZE = 1000

/** Which events of the log: all that is given must fit. */
export type ReadQuery = {
  /** Exclusive: forward, events after it; backward, events before it. */
  readonly from?: number
  readonly direction?: 'forward' | 'backward'
  /** Inclusive: the last position that is wanted, in the direction of reading. */
  readonly to?: number
  /** 1..1000. Default 1000. */
  readonly limit?: number
  readonly project?: string
  readonly stream?: string
  readonly types?: readonly string[]
}

type Args = { from: number; to: number; limit: number; project: string; stream: string }
type Filter = 'to' | 'project' | 'stream'
type Row = { readonly position: number; readonly record: string }

/** One statement for each combination of filters: prepared once. */
const byShape = new Map<string, Statement<Args, Row>>()

function pageStatement(
  backward: boolean,
  filters: ReadonlySet<Filter>,
  types: readonly string[] | undefined,
) {
  const shape = JSON.stringify([backward, [...filters], types])
  let found = byShape.get(shape)
  if (!found) {
    found = statement<LogTables, Args>()((db, p) => {
      let query = db
        .selectFrom('events')
        .select(['position', 'record'])
        .where('position', backward ? '<' : '>', p('from'))
        .orderBy('position', backward ? 'desc' : 'asc')
        .limit(p('limit'))
      if (filters.has('to'))
        query = query.where('position', backward ? '>=' : '<=', p('to'))
      if (filters.has('project')) query = query.where('project', '=', p('project'))
      if (filters.has('stream')) query = query.where('stream', '=', p('stream'))
      const [type] = types ?? []
      if (types?.length === 1 && type !== undefined)
        query = query.where('type', '=', type)
      // The plus keeps SQLite from the index by type, which does not give several types in order.
      else if (types) query = query.where(raw`+type`, 'in', types)
      return query
    })
    byShape.set(shape, found)
  }
  return found
}

const privateBetween = statement<LogTables, { from: number; to: number }>()((db, p) =>
  db
    .selectFrom('event_private')
    .select(['position', 'grp', 'body'])
    .where('position', '>=', p('from'))
    .where('position', '<=', p('to'))
    .orderBy('position'),
)

const privateOf = statement<LogTables, { position: number }>()((db, p) =>
  db
    .selectFrom('event_private')
    .select(['position', 'grp', 'body'])
    .where('position', '=', p('position')),
)

/** One page of the log. An empty page: there is nothing further in that direction. */
export async function readEvents(
  sql: Sql,
  query: ReadQuery = {},
): Promise<StoredEvent[]> {
  const backward = query.direction === 'backward'
  if (query.types?.length === 0) return []
  const filters = new Set<Filter>()
  for (const name of ['to', 'project', 'stream'] as const) {
    if (query[name] !== undefined) filters.add(name)
  }
  const rows = await sql.arrays(pageStatement(backward, filters, query.types), {
    from: query.from ?? (backward ? Number.MAX_SAFE_INTEGER : 0),
    to: query.to ?? 0,
    limit: Math.min(Math.max(query.limit ?? PAGE_SIZE, 1), PAGE_SIZE),
    project: query.project ?? '',
    stream: query.stream ?? '',
  })
  return await withPrivateGroups(sql, rows.map(toRow))
}

const toRow = ([position, record]: unknown[]): Row => ({
  position: Number(position),
  record: String(record),
})

/** The events of these rows, which are in the order of their positions or in the reverse of it. */
export async function withPrivateGroups(
  sql: Sql,
  rows: readonly Row[],
): Promise<StoredEvent[]> {
  const groups = await privateGroups(sql, rows)
  let next = 0
  return rows.map((row) => {
    const own: Group[] = []
    for (; groups[next]?.position === row.position; next += 1) {
      const group = groups[next]
      if (group) own.push(group)
    }
    return parseStoredEvent(row, own)
  })
}

type Group = { readonly position: number; readonly grp: string; readonly body: string }

const toGroup = ([position, grp, body]: unknown[]): Group => ({
  position: Number(position),
  grp: String(grp),
  body: String(body),
})

/** The private groups of the rows, in the rows' order. */
async function privateGroups(sql: Sql, rows: readonly Row[]): Promise<Group[]> {
  const first = rows[0]?.position
  const last = rows.at(-1)?.position
  if (first === undefined || last === undefined) return []
  const [from, to] = first < last ? [first, last] : [last, first]
  if (to - from >= 2 * rows.length) {
    const groups: Group[] = []
    for (const { position } of rows)
      groups.push(...(await sql.arrays(privateOf, { position })).map(toGroup))
    return groups
  }
  // Rows that stand close together: one range, and what lies between them is passed over.
  const between = (await sql.arrays(privateBetween, { from, to })).map(toGroup)
  if (to - from + 1 === rows.length) return first <= last ? between : between.reverse()
  const wanted = new Set(rows.map((row) => row.position))
  const groups = between.filter((group) => wanted.has(group.position))
  return first <= last ? groups : groups.reverse()
}
