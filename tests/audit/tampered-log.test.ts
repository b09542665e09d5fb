import {
  cpSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { howOften } from '@custody/testkit'
import t from 'tap'
import { database, expectNamed, makeDeployment, randomOf, verify } from './deployment.ts'
import { addRow, columnsOf, flipBit, flipped, removeRow, tamperWith } from './tamper.ts'

const deployment = makeDeployment(t)

const LOG = ['events', 'event_private', 'log_batches', 'tiles', 'checkpoints']

/** What is no part of the log itself, and who tells of it. */
const BESIDE: Readonly<Record<string, string>> = {
  extents: 'tampered-content.test.ts',
  wrapped_keys: 'what they seal cannot be opened: tests/sealing',
  consumers: 'where webhooks and reactions stand; nothing of the past',
  idempotency: 'answers that are kept for a day',
  key_uses: 'when a key was used last',
  log_lock: 'one row, which says nothing',
  master_keys: 'which there are, by their fingerprints: tests/sealing',
  migrations: 'compared with those that the version has',
  migrations_lock: 'of the migrations',
  webhook_deliveries: 'what receivers said; nothing of the past',
  webhook_secrets: 'of which nothing is in the log',
}

/** The index: `custody audit replay` compares it with the log. */
const PROJECTION = /_v\d+$/

const ROUNDS = howOften(2, 8)

t.test('each table is verified, or named here with who tells of it', async (t) => {
  const db = new DatabaseSync(database((await deployment).dataDir), { readOnly: true })
  const tables = db
    .prepare("select name from sqlite_schema where type = 'table'")
    .all()
    .map(({ name }) => String(name))
    .filter((name) => !PROJECTION.test(name) && !name.startsWith('sqlite_'))
  db.close()
  t.same(tables.sort(), [...LOG, ...Object.keys(BESIDE)].sort())
})

for (const table of LOG) {
  t.test(`a bit that was flipped in any column of ${table} is found`, async (t) => {
    const { dataDir, copy } = await deployment
    const random = randomOf(t)
    const copied = copy()
    const source = new DatabaseSync(database(dataDir), { readOnly: true })
    const columns = columnsOf(source, table)
    source.close()
    for (const column of columns) {
      for (let n = 0; n < ROUNDS; n += 1) {
        cpSync(database(dataDir), database(copied))
        const done = tamperWith(database(copied), (db) =>
          flipBit(db, table, random, column),
        )
        expectNamed(t, done, await verify(copied))
      }
    }
  })

  for (const [what, tamper] of [
    ['removed', removeRow],
    ['added', addRow],
  ] as const) {
    t.test(`a row that was ${what} in ${table} is found, and named`, async (t) => {
      const { dataDir, copy } = await deployment
      const random = randomOf(t)
      const copied = copy()
      for (let n = 0; n < ROUNDS; n += 1) {
        cpSync(database(dataDir), database(copied))
        const done = tamperWith(database(copied), (db) => tamper(db, table, random))
        expectNamed(t, done, await verify(copied))
      }
    })
  }
}

t.test('a bit that was flipped in log.checkpoint is found', async (t) => {
  const copied = (await deployment).copy()
  const random = randomOf(t)
  const path = join(copied, 'log.checkpoint')
  const note = readFileSync(path)
  for (let n = 0; n < 4 * ROUNDS; n += 1) {
    writeFileSync(path, flipped(note, random))
    t.match(await verify(copied), { count: 1, findings: [{ table: 'log.checkpoint' }] })
  }
  rmSync(path)
  mkdirSync(path)
  t.match(await verify(copied), { count: 1, findings: [{ table: 'log.checkpoint' }] })
  rmdirSync(path)
  t.same((await verify(copied)).findings, [], 'a start that was cut short has none')
})
