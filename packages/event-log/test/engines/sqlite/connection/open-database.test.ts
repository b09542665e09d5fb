import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openNodeSqlite } from '../../../../src/engines/sqlite/connection/node-sqlite-connection.ts'
import {
  APPLICATION_ID,
  openForReading,
  openForWriting,
} from '../../../../src/engines/sqlite/connection/open-database.ts'
import type { SqliteConnection } from '../../../../src/engines/sqlite/connection/sqlite-connection.ts'
import { openToyLog, sqliteLogStore } from '../../../fixtures/sqlite-log-store.ts'

async function pragma(connection: SqliteConnection, name: string): Promise<unknown> {
  const row = await (await connection.prepare(`pragma ${name}`)).get([])
  return row && Object.values(row)[0]
}

async function pragmas(connection: SqliteConnection, names: readonly string[]) {
  const values: Record<string, unknown> = {}
  for (const name of names) values[name] = await pragma(connection, name)
  return values
}

const ofTheFile = {
  page_size: 4096,
  auto_vacuum: 2, // incremental
  application_id: APPLICATION_ID,
  journal_mode: 'wal',
}
const ofEveryConnection = {
  secure_delete: 1,
  recursive_triggers: 1,
  foreign_keys: 1,
  busy_timeout: 10_000,
}
const ofTheWriter = { synchronous: 2, wal_autocheckpoint: 1_000 }

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: file and connections are set as the design says`, async (t) => {
    const path = join(t.testdir({}), 'custody.db')
    const log = await openToyLog(path, driver)
    await log.close()
    const writer = await openForWriting(path, driver)
    t.teardown(() => writer.close())
    const expected = { ...ofTheFile, ...ofEveryConnection, ...ofTheWriter }
    t.same(await pragmas(writer, Object.keys(expected)), expected)
    const reader = await openForReading(path, driver)
    t.teardown(() => reader.close())
    t.same(await pragmas(reader, Object.keys(ofEveryConnection)), ofEveryConnection)
    const strict = await writer.prepare(
      `select name from pragma_table_list where schema = 'main' and type = 'table' and strict = 0`,
    )
    t.same(
      (await strict.all([])).map((row) => row.name).sort(),
      // Kysely's own, those of the toy, and SQLite's.
      ['accounts_v1', 'attachments', 'counts_v1', 'migrations', 'migrations_lock'].concat(
        'sqlite_schema',
      ),
    )
  })

  t.test(`${driver}: what is no database of ours is left alone`, async (t) => {
    const folder = t.testdir({
      text: 'No database, and longer than a header. '.repeat(20),
    })
    mkdirSync(join(folder, 'folder'))
    const foreign = openNodeSqlite(join(folder, 'foreign'), { readOnly: false })
    await foreign.exec('create table events (position integer)')
    await foreign.close()
    const cases = [
      ['text', /is not a SQLite database/],
      ['folder', /cannot be opened as a database/],
      ['foreign', /is not a database of Custody \(application id 0\)/],
      [join('nowhere', 'custody.db'), /cannot be opened as a database/],
    ] as const
    for (const [name, message] of cases) {
      const opened = openForWriting(join(folder, name), driver)
      await t.rejects(opened, { key: 'data_folder_unusable', message }, name)
    }
    const log = openToyLog(join(folder, 'foreign'), driver)
    await t.rejects(log, { key: 'data_folder_unusable', message: /application id 0/ })
    for (const [name, message] of cases.slice(0, 3)) {
      const opened = openForReading(join(folder, name), driver)
      await t.rejects(opened, { key: 'data_folder_unusable', message }, name)
    }
  })

  t.test(`${driver}: reading needs a database`, async (t) => {
    const path = join(t.testdir({ empty: '' }), 'empty')
    for (const one of [path, `${path}-not-there`]) {
      await t.rejects(openForReading(one, driver), {
        key: 'data_folder_unusable',
        message: /There is no database at/,
      })
    }
  })

  t.test(`${driver}: a first start that was cut short can be tried again`, async (t) => {
    const folder = t.testdir({ empty: '' })
    // The process died before the first page was written; and after it.
    const touched = await openForWriting(join(folder, 'touched'), driver)
    await touched.close()
    for (const name of ['empty', 'touched']) {
      const log = await openToyLog(join(folder, name), driver)
      t.equal((await log.reader.head()).position, 1, name)
      await log.close()
      const connection = await openForWriting(join(folder, name), driver)
      t.same(await pragmas(connection, Object.keys(ofTheFile)), ofTheFile)
      await connection.close()
    }
  })
}

t.test('a database of a newer version is refused, and named so', async (t) => {
  const store = sqliteLogStore(t, 'node')
  await (await store.open()).close()
  await store.tamper(`insert into migrations values ('0099-later', '2030-01-01')`)
  await t.rejects(store.open(), {
    key: 'data_folder_unusable',
    message:
      "The database was written by a newer version of Custody: it has '0099-later'.",
  })
})

t.test('migrations take place as a whole, or not at all', async (t) => {
  const path = join(t.testdir({}), 'custody.db')
  const connection = await openForWriting(path, 'node')
  // The last statement of a first start fails: this table is there.
  await connection.exec('create table attachments (name text)')
  await connection.close()
  await t.rejects(openToyLog(path, 'node'), { message: /attachments.*already exists/s })
  const again = await openForWriting(path, 'node')
  await again.exec('drop table attachments')
  await again.close()
  const log = await openToyLog(path, 'node')
  t.equal((await log.reader.head()).position, 1)
  await log.close()
})
