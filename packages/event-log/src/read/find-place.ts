import type { LogTables } from '../append/log-tables.ts'
import { formatTime, type Micros, parseTime } from '../log-time.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import { lastSeq } from './read-project-events.ts'

const ofProject = statement<LogTables, { project: string; seq: number }>()((db, p) =>
  db
    .selectFrom('events')
    .select('time')
    .where('project', '=', p('project'))
    .where('seq', '=', p('seq')),
)

const ofLog = statement<LogTables, { position: number }>()((db, p) =>
  db.selectFrom('events').select('time').where('position', '=', p('position')),
)

const lastPosition = statement<LogTables>()((db) =>
  db.selectFrom('events').select('position').orderBy('position', 'desc').limit(1),
)

const byEventId = statement<LogTables, { id: string }>()((db, p) =>
  db.selectFrom('events').select('position').where('event_id', '=', p('id')),
)

const byPosition = statement<LogTables, { position: number; project: string }>()(
  (db, p) =>
    db
      .selectFrom('events')
      .select('seq')
      .where('position', '=', p('position'))
      .where('project', '=', p('project')),
)

/** The largest number up to `last` whose time is not after `time`, or 0. Times grow with the numbers, which have no gap. */
async function lastUntil(
  last: number,
  time: Micros,
  timeOf: (number: number) => Promise<string | undefined>,
): Promise<number> {
  const until = formatTime(time)
  let [found, beyond] = [0, last + 1]
  while (beyond - found > 1) {
    const middle = Math.floor((found + beyond) / 2)
    const at = await timeOf(middle)
    if (at !== undefined && at <= until) found = middle
    else beyond = middle
  }
  return found
}

/** The `seq` that a project's history had at a time; 0: it had not begun. */
export async function seqAt(sql: Sql, project: string, time: Micros): Promise<number> {
  return await lastUntil(
    await lastSeq(sql, project),
    time,
    async (seq) => (await sql.get(ofProject, { project, seq }))?.time,
  )
}

/** The position that the log had at a time; 0: it had not begun. */
export async function positionAt(sql: Sql, time: Micros): Promise<number> {
  return await lastUntil(
    (await sql.get(lastPosition, {}))?.position ?? 0,
    time,
    async (position) => (await sql.get(ofLog, { position }))?.time,
  )
}

/** When the project's event with this `seq` happened; undefined: there is none. */
export async function timeOfSeq(
  sql: Sql,
  project: string,
  seq: number,
): Promise<Micros | undefined> {
  const found = await sql.get(ofProject, { project, seq })
  return found && parseTime(found.time)
}

/** The position of an event by its id. */
export async function positionOfEvent(sql: Sql, id: string): Promise<number | undefined> {
  return (await sql.get(byEventId, { id }))?.position
}

/** The `seq` of an event of the project by its position in the log. */
export async function seqOfPosition(
  sql: Sql,
  project: string,
  position: number,
): Promise<number | undefined> {
  return (await sql.get(byPosition, { project, position }))?.seq
}
