import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LogTables } from '../append/log-tables.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import { withPrivateGroups } from './read-events.ts'
import type { StoredEvent } from './stored-event.ts'

/** Events that are looked at without a break: some milliseconds. */
const WINDOW = 1_000

/** What can be told of an event without its record. */
export type EventPlace = {
  readonly position: number
  readonly project: string
  readonly stream: string
  readonly type: string
  readonly actor: string
}

/** Which events of the log, in which order. */
export type MatchingQuery = {
  /** Exclusive: events at a larger position. */
  readonly after: number
  /** Exclusive: events at a smaller position. */
  readonly before: number
  readonly order: 'asc' | 'desc'
  /** Events at most. */
  readonly limit: number
  readonly matches: (place: EventPlace) => MaybePromise<boolean>
  readonly signal?: AbortSignal
}

type Args = { after: number; before: number }

const places = { asc: placesIn('asc'), desc: placesIn('desc') }

function placesIn(order: 'asc' | 'desc') {
  return statement<LogTables, Args>()((db, p) =>
    db
      .selectFrom('events')
      .select(['position', 'project', 'stream', 'type', 'actor'])
      .where('position', '>', p('after'))
      .where('position', '<', p('before'))
      .orderBy('position', order),
  )
}

const recordAt = statement<LogTables, { position: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select(['position', 'record'])
    .where('position', '=', p('position')),
)

/**
 * Events of the whole log that match, whatever is asked of them. It looks at all that lie between, with breaks, so that
 * nobody else has to wait.
 */
export async function readMatchingEvents(
  sql: Sql,
  { after, before, order, limit, matches, signal }: MatchingQuery,
): Promise<StoredEvent[]> {
  const rows: { position: number; record: string }[] = []
  let [above, below] = [after, before]
  while (below - above > 1) {
    const window =
      order === 'asc'
        ? { after: above, before: Math.min(below, above + WINDOW + 1) }
        : { after: Math.max(above, below - WINDOW - 1), before: below }
    for (const place of await sql.all(places[order], window)) {
      if (!(await matches(place))) continue
      const row = await sql.get(recordAt, { position: place.position })
      if (row) rows.push(row)
      if (rows.length === limit) return await withPrivateGroups(sql, rows)
    }
    if (order === 'asc') above = window.before - 1
    else below = window.after + 1
    await nextTurn()
    signal?.throwIfAborted()
  }
  return await withPrivateGroups(sql, rows)
}
