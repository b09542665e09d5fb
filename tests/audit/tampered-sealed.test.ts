import { randomBytes } from 'node:crypto'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createKeyRing, masterKey } from '@custody/service'
import { howOften, startServer, storedBlobs, temporaryFolder } from '@custody/testkit'
import t, { type Test } from 'tap'
import { database, expectNamed, randomOf, verify } from './deployment.ts'
import { columnsOf, flipBit, flipped, removeRow, tamperWith } from './tamper.ts'

// Sealed content, and what opens it: with the master key at hand a verification reads it all.

const ROUNDS = howOften(1, 4)
const folder = temporaryFolder(t)
const dataDir = join(folder, 'original')
const copied = join(folder, 'copy')
let keys: ReturnType<typeof createKeyRing>

t.before(async () => {
  const server = await startServer(t, { dataDir, env: { CUSTODY_SEAL: undefined } })
  for (const bytes of [10, 5_000, 100_000, 1_500_000]) {
    const content = Buffer.from('x'.repeat(bytes))
    const form = { purpose: 'user_data', filename: 'a.txt', content }
    t.equal((await server.api.upload(form)).status, 200)
  }
  t.equal(await server.stop(), 0)
  const secret = readFileSync(join(dataDir, 'secrets', 'master-key'), 'utf8')
  const key = masterKey(Buffer.from(secret.trim(), 'base64'))
  keys = createKeyRing([key], randomBytes)
  cpSync(dataDir, copied, { recursive: true })
})

async function expectFound(
  t: Test,
  done: Parameters<typeof expectNamed>[1],
): Promise<void> {
  // What a key opens is an extent, and so is what it does not open.
  expectNamed(
    t,
    { ...done, table: 'extents' },
    await verify(copied, { blobs: true, keys }),
  )
}

t.test('sealed content that nobody touched is as its events say', async (t) => {
  const { findings, blobs } = await verify(copied, { blobs: true, keys })
  t.same(findings, [])
  t.match(blobs, { extents: 4, unread: 0 })
})

for (const table of ['extents', 'wrapped_keys']) {
  t.test(
    `a bit in any column of ${table} is found, and a row that is gone`,
    async (t) => {
      const random = randomOf(t)
      const source = new DatabaseSync(database(dataDir), { readOnly: true })
      const columns = columnsOf(source, table)
      source.close()
      for (const column of [...columns, undefined]) {
        for (let n = 0; n < ROUNDS; n += 1) {
          cpSync(database(dataDir), database(copied))
          const done = tamperWith(database(copied), (db) =>
            column === undefined
              ? removeRow(db, table, random)
              : flipBit(db, table, random, column),
          )
          await expectFound(t, done)
        }
      }
      cpSync(database(dataDir), database(copied))
    },
  )
}

t.test('a length that is the length of nothing is named, however large', async (t) => {
  for (const length of ['1 << 63', '1 << 62', '1 << 50', '-1']) {
    cpSync(database(dataDir), database(copied))
    tamperWith(database(copied), (db) =>
      db.exec(`update extents set stored_bytes = ${length}`),
    )
    const { findings, blobs } = await verify(copied, { blobs: true, keys })
    t.equal(new Set(findings.map(({ key }) => key)).size, 4, length)
    t.match(blobs, { extents: 0 })
  }
  cpSync(database(dataDir), database(copied))
})

t.test('a bit in a sealed object is found', async (t) => {
  const random = randomOf(t)
  for (let n = 0; n < 2 * ROUNDS; n += 1) {
    const key = random.pick(storedBlobs(dataDir)) ?? ''
    const path = join(copied, 'blobs', key.slice(-2), key)
    const bytes = readFileSync(path)
    writeFileSync(path, flipped(bytes, random))
    await expectFound(t, { what: `a bit of ${key}`, table: 'extents', keys: [key] })
    writeFileSync(path, bytes)
  }
})
