import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type DataFolderReport, verifyDataFolder } from '@custody/server'
import { custody, startServer, storedBlobs, temporaryFolder } from '@custody/testkit'
import t, { type Test } from 'tap'
import { createRandom, type Random } from '../crash/random.ts'
import {
  addRow,
  flipBit,
  flipped,
  removeRow,
  type Tampering,
  tamperWith,
} from './tamper.ts'

// A deployment with something in every table, stopped; each test tampers with a copy of it.

const NAME = 'Wilhelmine-Erasmus.txt'

const original = join(temporaryFolder(t), 'original')
const copies = temporaryFolder(t)

t.before(async () => {
  const server = await startServer(t, { dataDir: original })
  const upload = (n: number, bytes = 10) =>
    server.api.upload({
      purpose: 'user_data',
      filename: NAME,
      content: Buffer.from(`${n}`.padEnd(bytes, '.')),
    })
  const ids: string[] = []
  for (let n = 0; n < 300; n += 20) {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, k) => upload(n + k)))
    for (const answer of answers) ids.push(answer.json().id)
  }
  for (let n = 0; n < 4; n += 1) ids.push((await upload(n, 100_000)).json().id)
  for (const id of [...ids.slice(0, 20), ...ids.slice(-1)]) await server.api.delete(id)
  for (let n = 0; n < 3; n += 1) {
    const project = await server.createProject()
    const path = `/v1/organization/projects/${project.id}/api_keys/${project.keyId}`
    await server.admin.call('DELETE', path)
  }
  t.equal(await server.stop(), 0)
  const db = new DatabaseSync(database(original), { readOnly: true })
  const { name } =
    db.prepare("select name from sqlite_schema where name like 'garbage_v%'").get() ?? {}
  for (const { extent } of db.prepare(`select extent from ${name}`).all()) {
    garbage.push(String(extent))
  }
  db.close()
})

/** Extents of ended files, which may be gone: nothing tells of what is done to them on disk. */
const garbage: string[] = []

let made = 0
/** A copy without the secrets, as an auditor has it. */
function copy(): string {
  made += 1
  const dataDir = join(copies, String(made))
  cpSync(original, dataDir, {
    recursive: true,
    filter: (path) => path !== join(original, 'secrets'),
  })
  return dataDir
}

const database = (dataDir: string) => join(dataDir, 'custody.db')

async function verify(dataDir: string, blobs = false) {
  return await verifyDataFolder({ dataDir, driver: 'node', blobs, now: Date.now() })
}

t.test('a log that nobody touched verifies, and so do its blobs', async (t) => {
  const dataDir = copy()
  const { code, stdout, stderr } = await custody(['audit', 'verify', '--blobs'], {
    dataDir,
  })
  t.equal(code, 0, stdout)
  t.match(
    stdout,
    /^OK: \d{3} events, root [A-Za-z0-9+/]{43}=, \d+ extents of \d+ bytes\n$/,
  )
  t.equal(stderr, '')
  const json = await custody(['audit', 'verify', '--json'], { dataDir })
  t.match(JSON.parse(json.stdout), { ok: true, count: 0, findings: [] })
})

t.test('a folder without a log cannot be verified', async (t) => {
  const dataDir = temporaryFolder(t)
  const { code, stderr } = await custody(['audit', 'verify'], { dataDir })
  t.equal(code, 2)
  t.match(stderr, /There is no database/)
})

const tables = ['events', 'event_private', 'log_batches', 'tiles'] as const

const tamperings = [
  { what: 'a bit that was flipped', rounds: 40, tamper: flipBit },
  { what: 'a row that was removed', rounds: 8, tamper: removeRow },
  { what: 'a row that was added', rounds: 8, tamper: addRow },
]

for (const { what, rounds, tamper } of tamperings) {
  for (const table of tables) {
    t.test(`${what} in ${table} is found, and named`, async (t) => {
      const random = randomOf(t)
      const dataDir = copy()
      for (let n = 0; n < rounds; n += 1) {
        cpSync(database(original), database(dataDir))
        const done = tamperWith(database(dataDir), (db) => tamper(db, table, random))
        expectNamed(t, done, await verify(dataDir))
      }
    })
  }
}

const contents = {
  'a bit in a row of extents': (dataDir: string, random: Random) =>
    tamperWith(database(dataDir), (db) => flipBit(db, 'extents', random)),
  'a row removed from extents': (dataDir: string, random: Random) =>
    tamperWith(database(dataDir), (db) => removeRow(db, 'extents', random)),
  'a row added to extents': (dataDir: string) =>
    tamperWith(database(dataDir), (db) => {
      const key = '01890000-0000-7000-8000-000000000000'
      db.prepare(`insert into extents values (?, 'inline', 'plain', 1, x'00')`).run(key)
      return { what: 'a row', table: 'extents', keys: [key] }
    }),
  'a bit in an object': (dataDir: string, random: Random) => {
    const { path, done } = randomObject(dataDir, random, 'extents')
    writeFileSync(path, flipped(readFileSync(path), random))
    return done
  },
  'a byte behind an object': (dataDir: string, random: Random) => {
    const { path, done } = randomObject(dataDir, random, 'extents')
    appendFileSync(path, 'x')
    return done
  },
  'an object that was removed': (dataDir: string, random: Random) => {
    const { path, done } = randomObject(dataDir, random, 'extents')
    rmSync(path)
    return done
  },
  'an object that was added': (dataDir: string, random: Random) => {
    const { path } = randomObject(dataDir, random, 'blobs')
    const key = path.slice(-36).replace(/^.{8}/, '00000000')
    cpSync(path, path.slice(0, -36) + key)
    return { what: 'an object', table: 'blobs', keys: [key] }
  },
}

for (const [what, tamper] of Object.entries(contents)) {
  t.test(`${what} is found with the content, and named`, async (t) => {
    const random = randomOf(t)
    for (let n = 0; n < 8; n += 1) {
      const dataDir = copy()
      expectNamed(t, tamper(dataDir, random), await verify(dataDir, true))
    }
  })
}

/** A live object; that of an ended file may be gone. */
function randomObject(dataDir: string, random: Random, table: string) {
  const id =
    random.pick(storedBlobs(dataDir).filter((one) => !garbage.includes(one))) ?? ''
  const path = join(dataDir, 'blobs', id.slice(-2), id)
  return { path, done: { what: `object ${id}`, table, keys: [id] } }
}

function randomOf(t: Test): Random {
  const seed = Date.now() % 2 ** 32
  t.comment(`seed ${seed}`)
  return createRandom(seed)
}

function expectNamed(t: Test, done: Tampering, report: DataFolderReport): void {
  const { findings, count } = report
  const text = `${done.what}: ${JSON.stringify(findings.slice(0, 4))}`
  const named = findings.some(
    ({ table, key }) =>
      // Events whose batch was removed look like events that were added.
      (table === done.table || (table === 'events' && done.table === 'log_batches')) &&
      done.keys.some((one) => includesKey(key, one)),
  )
  t.ok(count > 0 && named, text)
  t.notMatch(JSON.stringify(findings), /Wilhelmine/, 'no private data is shown')
}

/** Whether the key of a finding, which may be a range, is that of a row or includes it. */
function includesKey(found: string, key: string): boolean {
  const [from, to] = found.split('..').map(Number)
  return (
    found === key ||
    (to !== undefined && Number(key) >= Number(from) && Number(key) <= to)
  )
}
