import { CustodyError } from '@custody/domain'
import { formatTime, lastSeq, type Sql, seqAt, timeOfSeq } from '@custody/event-log'
import type { Moment } from '@custody/file-index'
import { checkPosition } from './check-position.ts'

/** A moment as a client names it: a position of its project, or microseconds since the Unix epoch. */
export type AsOf = { readonly position: number } | { readonly time: number }

const param = 'as_of'

/**
 * Finds the moment in a project's history. `now`: microseconds since the Unix epoch.
 *
 * @throws CustodyError `invalid_value` for a position that never was, or a time to come
 */
export async function momentOf(
  sql: Sql,
  project: string,
  asOf: AsOf,
  now: number,
): Promise<Moment> {
  const last = await lastSeq(sql, project)
  if ('position' in asOf) {
    const seq = asOf.position
    checkPosition(seq, last, param)
    return { seq, time: (await timeOfSeq(sql, project, seq)) ?? 0 }
  }
  const { time } = asOf
  // The last event can be a little ahead of the clock: each is later than the one before.
  if (time > Math.max(now, (await timeOfSeq(sql, project, last)) ?? 0)) {
    throw new CustodyError(
      'invalid_value',
      `Invalid '${param}': ${formatTime(time)} is yet to come; it is ${formatTime(now)}.`,
      { param },
    )
  }
  return { seq: await seqAt(sql, project, time), time }
}
