import { lastSeq, readProjectEvents, type Sql, seqAt } from '@custody/event-log'
import { checkPosition } from './check-position.ts'
import { toEventView } from './event-view.ts'
import type { EventPage, EventsQuery, TimeRange } from './history.ts'

/** One page of a project's events. @throws CustodyError `invalid_value` for a position that never was */
export async function listEvents(
  sql: Sql,
  project: string,
  query: EventsQuery,
  signal: AbortSignal,
): Promise<EventPage> {
  const { order, limit, types, file, time } = query
  const last = await lastSeq(sql, project)
  for (const param of ['after', 'before'] as const) {
    checkPosition(query[param], last, param)
  }
  const [above, below] =
    order === 'asc' ? [query.after, query.before] : [query.before, query.after]
  const bounds = time && (await boundsOf(sql, project, time))
  const stored = await readProjectEvents(sql, {
    project,
    order,
    limit: limit + 1,
    after: Math.max(above ?? 0, bounds?.after ?? 0),
    before: Math.min(below ?? last + 1, bounds?.before ?? last + 1),
    ...(types && { types }),
    ...(file !== undefined && { stream: file }),
    signal,
  })
  const page = stored.slice(0, limit)
  return {
    events: await Promise.all(page.map((event) => toEventView(sql, event))),
    hasMore: stored.length > limit,
  }
}

/** A range of time as one of positions, both exclusive. */
export async function boundsOf(
  sql: Sql,
  project: string,
  { gt, gte, lt, lte }: TimeRange,
): Promise<{ readonly after: number; readonly before: number }> {
  const until = (time: number) => seqAt(sql, project, time)
  return {
    after: Math.max(
      gt === undefined ? 0 : await until(gt),
      gte === undefined ? 0 : await until(gte - 1),
    ),
    before: Math.min(
      lt === undefined ? Infinity : (await until(lt - 1)) + 1,
      lte === undefined ? Infinity : (await until(lte)) + 1,
    ),
  }
}
