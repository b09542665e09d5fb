import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { howOften, startServer, storedBlobs } from '@custody/testkit'
import t from 'tap'
import type { Random } from '../crash/random.ts'
import {
  database,
  expectNamed,
  makeDeployment,
  randomOf,
  readGarbage,
  verify,
} from './deployment.ts'
import { flipBit, flipped, removeRow, type Tampering, tamperWith } from './tamper.ts'

const deployment = makeDeployment(t)

/** The path of a live object. */
type Pick = () => string

const tamperings: Readonly<
  Record<string, (dataDir: string, random: Random, pick: Pick) => Tampering>
> = {
  'a bit in a row of extents': (dataDir, random) =>
    tamperWith(database(dataDir), (db) => flipBit(db, 'extents', random)),
  'a row that was removed from extents': (dataDir, random) =>
    tamperWith(database(dataDir), (db) => removeRow(db, 'extents', random)),
  'a row that was added to extents': (dataDir) =>
    tamperWith(database(dataDir), (db) => {
      const key = '01890000-0000-7000-8000-000000000000'
      db.prepare(`insert into extents values (?, 'inline', 'plain', 1, x'00')`).run(key)
      return { what: 'a row', table: 'extents', keys: [key] }
    }),
  'a bit in an object': (_, random, pick) => {
    const path = pick()
    writeFileSync(path, flipped(readFileSync(path), random))
    return toObject(path)
  },
  'a byte behind an object': (_dataDir, _random, pick) => {
    const path = pick()
    appendFileSync(path, 'x')
    return toObject(path)
  },
  'an object that was removed': (_dataDir, _random, pick) => {
    const path = pick()
    rmSync(path)
    return toObject(path)
  },
  'a folder in the place of an object': (_dataDir, _random, pick) => {
    const path = pick()
    rmSync(path)
    mkdirSync(path)
    return toObject(path)
  },
  'a pipe in the place of an object': (_dataDir, _random, pick) => {
    const path = pick()
    rmSync(path)
    execFileSync('mkfifo', [path])
    return toObject(path)
  },
  'an object beside its place': (_dataDir, random, pick) => {
    const path = pick()
    const folder = join(path, '..')
    const key = random.pick([`${basename(folder)}/${basename(path)}.old`, basename(path)])
    cpSync(path, join(folder, '..', key ?? ''))
    return { what: 'a copy', table: 'blobs', keys: [`'${key}'`] }
  },
  'an object that was added': (_dataDir, _random, pick) => {
    const path = pick()
    const key = path.slice(-36).replace(/^.{8}/, '00000000')
    cpSync(path, path.slice(0, -36) + key)
    return { what: 'an object', table: 'blobs', keys: [key] }
  },
}

function toObject(path: string): Tampering {
  return { what: path, table: 'extents', keys: [path.slice(-36)] }
}

for (const [what, tamper] of Object.entries(tamperings)) {
  t.test(`${what} is found, and named`, async (t) => {
    const { copy, garbage } = await deployment
    const random = randomOf(t)
    for (let n = howOften(8, 16); n > 0; n -= 1) {
      const dataDir = copy()
      const pick = () => {
        const live = storedBlobs(dataDir).filter((id) => !garbage.includes(id))
        const id = random.pick(live) ?? ''
        return join(dataDir, 'blobs', id.slice(-2), id)
      }
      const done = tamper(dataDir, random, pick)
      expectNamed(t, done, await verify(dataDir, { blobs: true }))
    }
  })
}

t.test('content that waits to be destroyed may be gone already', async (t) => {
  const server = await startServer(t)
  const content = Buffer.alloc(70_000)
  // It is destroyed a second after the delete: on a machine that is busy, not every try is in time.
  let gone: string[] = []
  for (let n = 0; n < 10 && gone.length === 0; n += 1) {
    const upload = { purpose: 'user_data', filename: 'a.txt', content }
    await server.api.delete((await server.api.upload(upload)).json().id)
    gone = readGarbage(server.dataDir)
  }
  await server.kill()
  gone = readGarbage(server.dataDir)
  t.ok(gone.length > 0)
  for (const id of gone) rmSync(join(server.dataDir, 'blobs', id.slice(-2), id))
  t.same((await verify(server.dataDir, { blobs: true })).findings, [])
})

t.test(
  'an object without an event may belong to an upload under way, beside a server',
  async (t) => {
    const { copy, garbage } = await deployment
    const dataDir = copy()
    const live = storedBlobs(dataDir).find((id) => !garbage.includes(id)) ?? ''
    const now = Date.now()
    const key = `${now.toString(16).padStart(12, '0').replace(/^.{8}/, '$&-')}${live.slice(13)}`
    const folder = join(dataDir, 'blobs', live.slice(-2))
    cpSync(join(folder, live), join(folder, key))
    const alone = await verify(dataDir, { blobs: true, now })
    t.match(alone.findings, [{ table: 'blobs', key }])

    const server = { pid: 1, address: 'http://127.0.0.1:1', token: 'x' }
    writeFileSync(join(dataDir, 'run', 'server.json'), JSON.stringify(server))
    const beside = await verify(dataDir, { blobs: true, now })
    t.match(beside, { findings: [], blobs: { young: [key] } })
    const later = await verify(dataDir, { blobs: true, now: now + 3_600_001 })
    t.match(later.findings, [{ table: 'blobs', key }])
  },
)
