import { type LogReader, type LogTables, statement } from '@custody/event-log'
import { allAttachments } from './toy-log-module.ts'
import { allAccounts, allCounts } from './toy-projection.ts'

const events = statement<LogTables>()((db) =>
  db.selectFrom('events').selectAll().orderBy('position'),
)
const privates = statement<LogTables>()((db) =>
  db.selectFrom('event_private').selectAll().orderBy('position').orderBy('grp'),
)
const batches = statement<LogTables>()((db) =>
  db.selectFrom('log_batches').selectAll().orderBy('position'),
)
const tiles = statement<LogTables>()((db) =>
  db.selectFrom('tiles').selectAll().orderBy('level').orderBy('idx'),
)

export type RawLog = Awaited<ReturnType<typeof readLog>>

/** Every row that makes up the log, as it is stored. */
export async function readLog({ sql }: LogReader) {
  return {
    events: await sql.all(events, {}),
    privates: await sql.all(privates, {}),
    batches: await sql.all(batches, {}),
    tiles: await sql.all(tiles, {}),
  }
}

/** What the toy's projection holds. */
export async function readIndex({ sql }: Pick<LogReader, 'sql'>) {
  return {
    accounts: await sql.all(allAccounts, {}),
    counts: await sql.all(allCounts, {}),
  }
}

/** What the toy keeps beside the log: hex by name. */
export async function readAttachments({ sql }: LogReader) {
  const rows = await sql.all(allAttachments, {})
  return Object.fromEntries(rows.map(({ name, hex }) => [name, hex]))
}
