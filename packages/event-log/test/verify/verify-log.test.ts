import { closeSync, cpSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { frontierRoot, leafHash } from '@custody/transparency'
import t, { type Test } from 'tap'
import { asker } from '../../../testkit/src/event-log/asker.ts'
import { logModule } from '../../../testkit/src/event-log/toy-log-module.ts'
import {
  type Erasures,
  type Finding,
  type LogKeys,
  openRawSqliteLog,
  type SqliteDriverName,
  startVerifyWorkers,
  type VerifyOptions,
  verifyLog,
} from '../../src/index.ts'
import { type SqliteLogStore, sqliteLogStore } from '../fixtures/sqlite-log-store.ts'

const erasures: Erasures = {
  types: ['OwnerForgotten'],
  of: (data) => Object(data).erased,
}

/** The toy log names none; of checkpoints see tests/audit. */
const keys: LogKeys = { types: [], of: () => undefined }

async function verify(
  { path, driver }: Pick<SqliteLogStore, 'path' | 'driver'>,
  options: Partial<VerifyOptions> = {},
) {
  const { migrations, projections } = logModule
  const log = await openRawSqliteLog({ path, driver, migrations, projections })
  try {
    return await verifyLog(log, { erasures, keys, ...options })
  } finally {
    await log.close()
  }
}

/** `table key column`, each once. */
const places = (findings: readonly Finding[]) => [
  ...new Set(
    findings.map(({ table, key, column }) => [table, key, column].join(' ').trim()),
  ),
]

const folder = t.testdir({})
const originals = new Map<SqliteDriverName, ReturnType<typeof fill>>()

/** A closed log of 600 events: two full tiles, and accounts of which one was forgotten. */
async function filled(t: Test, driver: SqliteDriverName = 'node') {
  const original = originals.get(driver) ?? fill(driver)
  originals.set(driver, original)
  const { path, root } = await original
  const store = sqliteLogStore(t, driver)
  cpSync(path, store.path)
  return { store, root }
}

async function fill(driver: SqliteDriverName) {
  const { path, open } = sqliteLogStore(t, driver, join(folder, driver))
  const log = await open()
  const ask = asker(log)
  await ask({ type: 'Open', account: 'a', owner: 'Ada', secret: '\ufffd' })
  await ask({ type: 'Open', account: 'b', owner: 'Bob' })
  await ask({ type: 'Forget', account: 'a' })
  for (let n = 0; n < 8; n += 1) {
    await ask({ type: 'Note', texts: Array.from({ length: 70 }, (_, k) => `${n} ${k}`) })
  }
  for (let n = 0; n < 36; n += 1) await ask({ type: 'Move', account: 'b', amount: 1 })
  const { position, frontier } = await log.reader.head()
  t.equal(position, 600)
  await log.close()
  return { path, root: frontierRoot(frontier) }
}

/** As somebody does who can write the file: the triggers are gone meanwhile. */
async function tamper(store: SqliteLogStore, sql: string): Promise<void> {
  const triggers = [
    [
      'events_no_update',
      `before update on events begin\n        select raise(abort, 'events are never changed');\n      end`,
    ],
    [
      'events_no_delete',
      `before delete on events begin\n        select raise(abort, 'events are never removed');\n      end`,
    ],
    [
      'event_private_no_update',
      `before update on event_private begin\n        select raise(abort, 'private data is never changed, only erased');\n      end`,
    ],
    [
      'log_batches_no_update',
      `before update on log_batches begin\n        select raise(abort, 'batches are never changed');\n      end`,
    ],
    [
      'log_batches_no_delete',
      `before delete on log_batches begin\n        select raise(abort, 'batches are never removed');\n      end`,
    ],
  ] as const
  await store.tamper(
    'pragma foreign_keys = off; ' +
      triggers.map(([name]) => `drop trigger ${name};`).join('') +
      sql,
  )
  await store.tamper(
    triggers.map(([name, text]) => `create trigger ${name} ${text};`).join('\n'),
  )
}

async function recordAt(store: SqliteLogStore, position: number): Promise<string> {
  const { migrations, projections } = logModule
  const { path, driver } = store
  const log = await openRawSqliteLog({ path, driver, migrations, projections })
  const { recordAt: statement } = await import('../../src/verify/raw-rows.ts')
  const row = await log.sql.get(statement, { position })
  await log.close()
  return row?.record ?? ''
}

const hex = (bytes: Uint8Array) => `x'${Buffer.from(bytes).toString('hex')}'`
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

/** Somebody else did it: record, column and leaf hash, all of them as if they had always been so. */
async function rewrite(store: SqliteLogStore, position: number) {
  const record = (await recordAt(store, position)).replace('key:k1', 'key:k2')
  const leaf = leafHash(Buffer.from(record))
  await tamper(
    store,
    `update events set actor = 'key:k2', record = ${quoted(record)}, leaf_hash = ${hex(leaf)}
      where position = ${position};`,
  )
  return leaf
}

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: a log as it should be`, async (t) => {
    const { store, root } = await filled(t, driver)
    const told: number[] = []
    const report = await verify(store, {
      sizes: [1, 300, 600],
      onProgress: (events) => told.push(events),
    })
    t.same(report.findings, [])
    t.equal(report.events, 600)
    t.same(report.root, root)
    t.same([...report.roots.keys()].sort(), [1, 300, 600])
    t.same(report.roots.get(600), root)
    t.same(report.roots.get(1), leafHash(Buffer.from(await recordAt(store, 1))))
    t.equal(told.at(-1), 600)
  })

  t.test(`${driver}: integers that no number can hold are found`, async (t) => {
    const { store } = await filled(t, driver)
    await tamper(store, 'update events set seq = seq + (1 << 62) where position = 10')
    t.match(places((await verify(store)).findings), ['events 10 seq'])
  })
}

t.test('a record that was changed is named, and nothing else', async (t) => {
  for (const position of [100, 599]) {
    const { store } = await filled(t)
    await tamper(
      store,
      `update events set record = replace(record, 'key:k1', 'key:k2'), actor = 'key:k2'
        where position = ${position}`,
    )
    t.same(places((await verify(store)).findings), [`events ${position} record`])
  }
})

t.test('a leaf hash that was changed is named, and nothing else', async (t) => {
  for (const position of [100, 599]) {
    const { store } = await filled(t)
    await tamper(
      store,
      `update events set leaf_hash = zeroblob(32) where position = ${position}`,
    )
    t.same(places((await verify(store)).findings), [`events ${position} leaf_hash`])
  }
})

t.test(
  'an event that was written anew with its hash contradicts its batch',
  async (t) => {
    const { store } = await filled(t)
    await rewrite(store, 580)
    t.same(places((await verify(store)).findings), ['events 580 record'])
  },
)

t.test('of a larger batch, its tile tells which event it was', async (t) => {
  const { store } = await filled(t)
  await rewrite(store, 100)
  const { findings } = await verify(store)
  t.same(places(findings), ['events 75..144 record', 'tiles 0/0 hashes'])
  t.match(findings.at(-1)?.problem, /event 100$/)
})

t.test('the last event written anew contradicts its batch', async (t) => {
  const { store } = await filled(t)
  await rewrite(store, 600)
  t.match((await verify(store)).findings, [
    { table: 'log_batches', key: '600', problem: /events 600\.\.600$/ },
  ])
})

t.test('a frontier that was changed is named, and not the events', async (t) => {
  const { store } = await filled(t)
  await tamper(
    store,
    'update log_batches set frontier = zeroblob(length(frontier)) where position = 580',
  )
  t.same(places((await verify(store)).findings), [
    'log_batches 579..580 chain',
    'log_batches 580 frontier',
  ])
})

t.test('events that were removed are named, and the others stand', async (t) => {
  const { store } = await filled(t)
  await tamper(store, 'delete from events where position in (100, 101, 590)')
  const { findings } = await verify(store)
  t.same(places(findings.filter(({ problem }) => problem === 'is missing')), [
    'events 100..101',
    'events 590',
  ])
  t.same(
    places(findings).filter((place) => !/ (seq|version)$/.test(place)),
    ['events 100..101', 'events 590'],
  )
})

t.test(
  'a private group is missing only where an event says that it was erased',
  async (t) => {
    const { store } = await filled(t)
    await tamper(store, 'delete from event_private where position = 3')
    t.match((await verify(store)).findings, [
      { table: 'event_private', key: '3 personal', problem: /no event says/ },
    ])
  },
)

t.test('a private group that was erased must be gone', async (t) => {
  const { store } = await filled(t)
  const body = '{"owner":"Ada"}'
  await tamper(
    store,
    `insert into event_private values (2, 'personal', zeroblob(16), '${body}')`,
  )
  const { findings } = await verify(store)
  t.same(places(findings), ['event_private 2 personal body', 'event_private 2 personal'])
  t.notMatch(JSON.stringify(findings), /Ada/)
})

t.test(
  'an event that was rewritten to name no group is told, whatever hashes say',
  async (t) => {
    const { store } = await filled(t)
    // Position 4 is the one that forgets.
    for (const erased of ['[{"group":"personal"}]', '[{"group":1,"position":2}]', '7']) {
      const record = (await recordAt(store, 4)).replace(
        /"erased":\[[^\]]*\]/,
        `"erased":${erased}`,
      )
      const leaf = leafHash(Buffer.from(record))
      await tamper(
        store,
        `update events set record = ${quoted(record)}, leaf_hash = ${hex(leaf)} where position = 4`,
      )
      const { findings } = await verify(store)
      t.ok(
        findings.some(({ key, problem }) => key === '4' && /which groups/.test(problem)),
        JSON.stringify(findings),
      )
    }
  },
)

t.test('bytes that read as the same text are other bytes', async (t) => {
  const { store } = await filled(t)
  // Three bytes that begin a character of four are read as U+FFFD, like those of U+FFFD itself.
  await tamper(
    store,
    `update event_private set body = cast(x'7b22736563726574223a22f09080227d' as text)
      where position = 2 and grp = 'content'`,
  )
  t.same(places((await verify(store)).findings), ['event_private 2 content body'])
})

t.test('JSON that is not canonical is found, whatever hashes say', async (t) => {
  const { store } = await filled(t)
  const record = `${await recordAt(store, 600)} `
  const leaf = leafHash(Buffer.from(record))
  await tamper(
    store,
    `update events set record = ${quoted(record)}, leaf_hash = ${hex(leaf)} where position = 600`,
  )
  t.match((await verify(store)).findings, [
    { table: 'events', key: '600', problem: /not canonical/ },
    { table: 'log_batches' },
  ])
})

t.test('tables are guarded as the migrations guard them', async (t) => {
  const { store } = await filled(t)
  await store.tamper(`drop trigger events_no_gap; drop index events_by_type;
    create trigger mine after insert on tiles begin select 1; end;
    create index more on events (actor);
    create table other (x); create view seen as select * from events`)
  t.same(places((await verify(store)).findings), [
    'sqlite_schema events_by_type',
    'sqlite_schema events_no_gap',
    'sqlite_schema mine',
    'sqlite_schema more',
    'sqlite_schema other',
    'sqlite_schema seen',
  ])
})

t.test('an index that misses a row is found', async (t) => {
  // This driver lets the schema be written.
  const { store } = await filled(t, 'sqlite3')
  const schema = (sql: string) =>
    store.tamper(`pragma writable_schema = on;
      update sqlite_schema set sql = '${sql}' where name = 'events_by_type'`)
  await schema(
    'create index events_by_type on events (type, position) where position <> 7',
  )
  await store.tamper('reindex events_by_type')
  await schema('CREATE INDEX events_by_type on events (type, position)')
  const { findings } = await verify(store)
  t.match(findings, [
    { table: 'database', problem: /wrong # of entries in index events_by_type/ },
    { table: 'database', problem: /row 7 missing from index events_by_type/ },
  ])
})

t.test('a value of another type with the same bytes is found', async (t) => {
  const { store } = await filled(t, 'sqlite3')
  const schema = (sql: string) =>
    store.tamper(`pragma writable_schema = on; update sqlite_schema set sql = ${sql}
      where type = 'table' and name in (select name from made)`)
  await store.tamper(`create table made as select name, sql from sqlite_schema
    where name in ('events', 'event_private', 'log_batches', 'tiles')`)
  await schema(`replace(replace(sql, 'strict, ', ''), 'strict', '')`)
  await tamper(
    store,
    `update events set leaf_hash = cast(leaf_hash as text) where position = 5;
    update events set record = cast(record as blob) where position = 7;
    update event_private set salt = cast(salt as text) where position = 3;
    update log_batches set time = cast(time as blob) where position = 600;
    update tiles set hashes = cast(hashes as text) where level = 0 and idx = 1;`,
  )
  await schema('(select made.sql from made where made.name = sqlite_schema.name)')
  await store.tamper('drop table made')
  const { findings } = await verify(store)
  const told = findings.map(({ problem }) => /check: (non-.*)/.exec(problem)?.[1])
  // Each of them alone is reason enough to look for the row.
  for (const problem of [
    'non-BLOB value in events.leaf_hash',
    'non-TEXT value in events.record',
    'non-BLOB value in event_private.salt',
    'non-TEXT value in log_batches.time',
    'non-BLOB value in tiles.hashes',
  ]) {
    t.ok(told.includes(problem), problem)
  }
  const others = findings.filter(({ problem }) => problem === 'is of another type')
  t.same(places(others), [
    'events 5 leaf_hash',
    'events 7 record',
    'event_private 3 personal salt',
    'log_batches 600 time',
    'tiles 0 1 hashes',
  ])
})

t.test('pages that cannot be read are told, and the rest is verified', async (t) => {
  const { store } = await filled(t)
  const damage = (text: string) => {
    const at = readFileSync(store.path).lastIndexOf(text)
    t.ok(at > 0)
    const file = openSync(store.path, 'r+')
    writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, at - (at % 4096))
    closeSync(file)
  }
  damage('"data":{"text":"7 30"}')
  const { findings } = await verify(store)
  t.ok(
    findings.some(({ table, problem }) => table === 'events' && /damaged/.test(problem)),
  )
  t.ok(findings.some(({ table }) => table === 'database'))
  t.notOk(findings.some(({ problem }) => problem === 'is missing'))

  damage('0001-log')
  await t.rejects(verify(store), { key: 'data_folder_unusable', message: /is damaged/ })
})

t.test('a hundred findings are told, and all are counted', async (t) => {
  const { store } = await filled(t)
  await tamper(store, "update events set actor = 'x'")
  const { findings, count } = await verify(store)
  t.equal(findings.length, 100)
  t.equal(count, 600)
})

t.test('a log that goes on being written verifies up to where it was', async (t) => {
  const { store } = await filled(t)
  const log = await store.open()
  const ask = asker(log)
  let isOver = false
  const writing = (async () => {
    for (let n = 0; !isOver; n += 1) {
      await ask({
        type: 'Note',
        texts: Array.from({ length: 100 }, (_, k) => `${n} ${k}`),
      })
      await ask({ type: 'Open', account: `c${n}`, owner: 'Cleo' })
      await ask({ type: 'Forget', account: `c${n}` })
    }
  })()
  const ends: number[] = []
  for (let n = 0; n < 8; n += 1) {
    const { findings, events } = await verify(store)
    t.same(findings, [])
    ends.push(events)
  }
  isOver = true
  await writing
  t.ok(Number(ends.at(-1)) > Number(ends[0]), ends.join(' '))
})

t.test('an older or newer form of tables is refused, not verified', async (t) => {
  const { store } = await filled(t)
  await store.tamper("update migrations set name = '9999-x' where name = '0002-toy'")
  await t.rejects(verify(store), {
    key: 'data_folder_unusable',
    message: /newer version/,
  })
  await store.tamper("delete from migrations where name = '9999-x'")
  await t.rejects(verify(store), {
    key: 'data_folder_unusable',
    message: /older version/,
  })
})

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: threads find what one finds`, async (t) => {
    const { store, root } = await filled(t, driver)
    const verifyBeside = async (threads: number) => {
      const workers = startVerifyWorkers({ path: store.path, driver }, threads)
      try {
        return await verify(store, { workers })
      } finally {
        await workers.close()
      }
    }
    t.match(await verifyBeside(3), { events: 600, count: 0, root })
    await rewrite(store, 100)
    await tamper(store, 'delete from events where position = 300')
    const alone = await verify(store)
    t.ok(alone.count > 2)
    t.same(await verifyBeside(1), alone)
  })
}

t.test('a verification ends when it is aborted, or a thread is lost', async (t) => {
  const { store } = await filled(t)
  const signal = AbortSignal.abort(new Error('enough'))
  await t.rejects(verify(store, { signal }), { message: 'enough' })
  const path = `${store.path}-not-there`
  const workers = startVerifyWorkers({ path, driver: 'node' }, 2)
  await t.rejects(verify(store, { workers }), { message: /There is no database/ })
  await workers.close()
})
