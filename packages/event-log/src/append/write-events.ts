import { insertion } from '../sql/insertion.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import type { BatchRow, EventRow, LogTables, PrivateRow } from './log-tables.ts'

const insertEvents = insertion<EventRow>('events', [
  'position',
  'project',
  'seq',
  'stream',
  'version',
  'event_id',
  'type',
  'schema',
  'time',
  'actor',
  'request',
  'record',
  'leaf_hash',
])

const insertPrivate = insertion<PrivateRow>('event_private', [
  'position',
  'grp',
  'salt',
  'body',
])

const insertBatch = insertion<BatchRow>('log_batches', [
  'position',
  'frontier',
  'time',
  'writer_epoch',
  'projections',
  'chain',
])

const deletePrivate = statement<LogTables, { position: number; grp: string }>()((db, p) =>
  db
    .deleteFrom('event_private')
    .where('position', '=', p('position'))
    .where('grp', '=', p('grp')),
)

export async function writeEvents(
  sql: Sql,
  rows: {
    readonly events: readonly EventRow[]
    readonly private: readonly PrivateRow[]
    readonly erase: readonly { readonly position: number; readonly group: string }[]
    readonly batch: BatchRow
  },
): Promise<void> {
  await sql.insert(insertEvents, rows.events)
  await sql.insert(insertPrivate, rows.private)
  for (const { position, group } of rows.erase)
    await sql.run(deletePrivate, { position, grp: group })
  await sql.insert(insertBatch, [rows.batch])
}
