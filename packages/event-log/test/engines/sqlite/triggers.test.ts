import t from 'tap'
import { asker } from '../../../../testkit/src/event-log/asker.ts'
import { readLog } from '../../../../testkit/src/event-log/read-log.ts'
import { openForWriting } from '../../../src/engines/sqlite/connection/open-database.ts'
import { sqliteLogStore } from '../../fixtures/sqlite-log-store.ts'

const columns =
  'position, project, seq, stream, version, event_id, type, schema, time, actor, request, record, leaf_hash'
const copied = (position: string, others: string) =>
  `select ${position}, ${others}, type, schema, time, actor, request, record, leaf_hash from events where position = 2`

const refused: readonly [string, string, RegExp][] = [
  [
    'a change of an event',
    `update events set record = '{}' where position = 2`,
    /never changed/,
  ],
  ['a change of nothing in an event', 'update events set type = type', /never changed/],
  ['a removal of an event', 'delete from events where position = 4', /never removed/],
  ['a removal of all events', 'delete from events', /never removed/],
  [
    'an event that takes the place of one',
    `insert or replace into events (${columns}) ${copied('2', `project, seq, stream, version, event_id`)}`,
    /takes the next position/,
  ],
  [
    'an event that takes the place of one with its stream and version',
    `insert or replace into events (${columns}) ${copied('5', `'x', 1, stream, version, 'x'`)}`,
    /never removed/,
  ],
  [
    'an event beyond a gap',
    `insert into events (${columns}) ${copied('6', `'x', 1, 'x', 1, 'x'`)}`,
    /takes the next position/,
  ],
  [
    'an event before the first',
    `insert into events (${columns}) ${copied('0', `'x', 1, 'x', 1, 'x'`)}`,
    /takes the next position/,
  ],
  [
    'an event without a position of its own',
    `insert into events (${columns}) ${copied('null', `'x', 1, 'x', 1, 'x'`)}`,
    /takes the next position/,
  ],
  [
    'a second event with a sequence number',
    `insert into events (${columns}) ${copied('5', `project, seq, 'x', 1, 'x'`)}`,
    /UNIQUE.*seq/,
  ],
  [
    'a value of another type',
    `insert into events (${columns}) ${copied('5', `'x', 'one', 'x', 1, 'x'`)}`,
    /cannot store TEXT value in INTEGER/,
  ],
  ['a change of private data', `update event_private set body = '{}'`, /only erased/],
  [
    'private data of an event that is not there',
    `insert into event_private values (9, 'personal', x'00', '{}')`,
    /FOREIGN KEY/,
  ],
  ['a change of a batch', 'update log_batches set writer_epoch = 2', /never changed/],
  ['a removal of a batch', 'delete from log_batches', /never removed/],
  [
    'a batch that takes the place of one',
    `insert or replace into log_batches select * from log_batches where position = 4`,
    /never removed/,
  ],
]

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: the database itself refuses`, async (t) => {
    const store = sqliteLogStore(t, driver)
    const log = await store.open()
    const ask = asker(log)
    await ask({ type: 'Open', account: 'a', owner: 'Ada' })
    await ask({ type: 'Note', texts: ['x', 'y'] })
    const before = await readLog(log.reader)
    // With what every connection of ours is opened with.
    const connection = await openForWriting(store.path, driver)
    t.teardown(() => connection.close())
    for (const [name, sql, message] of refused) {
      await t.rejects(async () => await connection.exec(sql), { message }, name)
    }
    t.same(await readLog(log.reader), before, 'and nothing has changed')
    await ask({ type: 'Note', texts: ['z'] })
  })
}
