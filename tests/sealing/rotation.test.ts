import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { takeExclusiveLock } from '@custody/event-log'
import {
  custody,
  readEvents,
  spawnServer,
  startServer,
  type TestServer,
  until,
} from '@custody/testkit'
import t, { type Test } from 'tap'
import { database, folder, MiB, put, sealed, text } from './sealed-server.ts'

const secret = (dataDir: string) => join(dataDir, 'secrets', 'master-key')
const newKey = () => randomBytes(32).toString('base64')

const rotate = ({ admin }: TestServer, api = admin) =>
  api.call('POST', '/v1/organization/master_keys/rotate', { body: {} })

/** What the database says of its master keys and what is wrapped under them. */
function keysOf(dataDir: string) {
  const db = database(dataDir)
  try {
    const states = db.prepare('select id, state from master_keys').all()
    const wrapped = db.prepare('select extent, kek, wrapped from wrapped_keys').all()
    return {
      of: (state: string) =>
        states.filter((row) => row.state === state).map(({ id }) => String(id)),
      under: (kek: string | undefined) => wrapped.filter((row) => row.kek === kek).length,
      all: wrapped.length,
      rows: wrapped.map((row) => Buffer.from(row.wrapped as Uint8Array)),
    }
  } finally {
    db.close()
  }
}

/** A rotation is under way, or was. */
function hasBegun(dataDir: string): boolean {
  const { of } = keysOf(dataDir)
  return ['standby', 'retiring', 'retired'].some((state) => of(state).length > 0)
}

/** No file of the data folder has any of these bytes. */
async function hasNowhere(t: Test, dataDir: string, needles: readonly Buffer[]) {
  for (const name of ['custody.db', 'custody.db-wal', 'secrets/master-key']) {
    const path = join(dataDir, name)
    if (!statSync(path, { throwIfNoEntry: false })) continue
    const bytes = readFileSync(path)
    t.notOk(
      needles.some((needle) => bytes.includes(needle)),
      name,
    )
  }
}

t.test(
  'a rotation wraps every key anew while the server serves, and touches no content',
  async (t) => {
    const server = await startServer(t, { env: sealed })
    const { dataDir, api } = server
    const contents = [text(1000), text(2 * MiB), randomBytes(300_000)]
    const ids: string[] = []
    for (const content of contents) ids.push(await put(server, content))
    const before = keysOf(dataDir)
    const [old] = before.of('active')
    const former = readFileSync(secret(dataDir), 'utf8')

    const rotating = server.custody('keys', 'rotate-master')
    const during = await Promise.all(
      Array.from({ length: 20 }, (_, n) => put(server, text(1000 + n * 10_000))),
    )
    const rotated = await rotating
    t.equal(rotated.code, 0, rotated.stderr)
    t.match(
      rotated.stdout,
      new RegExp(
        `^${old} → mk_[0-9a-f]{16}: \\d+ keys of content wrapped anew. ${old} opens nothing any more, and was removed.\n`,
      ),
    )
    const after = keysOf(dataDir)
    const [current] = after.of('active')
    t.not(current, old)
    t.same(after.of('retired'), [old])
    t.equal(after.under(current), ids.length + during.length)
    t.equal(after.all, after.under(current))
    const kept = readFileSync(secret(dataDir), 'utf8')
    t.match(kept, /^[A-Za-z0-9+/]{43}=\n$/)
    t.equal(statSync(secret(dataDir)).mode & 0o777, 0o600)
    t.not(kept, former)
    await hasNowhere(t, dataDir, before.rows)
    for (const [index, id] of ids.entries()) {
      t.ok((await api.content(id)).bytes.equals(contents[index] ?? Buffer.alloc(0)))
    }
    for (const [n, id] of during.entries()) {
      t.ok((await api.content(id)).bytes.equals(text(1000 + n * 10_000)))
    }
    const records = (await readEvents(dataDir)).map(({ record }) => record)
    t.match(
      records.filter(({ type }) => type === 'MasterKeyRotated'),
      [{ stream: 'log', data: { from: old, to: current } }],
    )
  },
)

t.test('it rotates by itself where no server runs, and tells it as JSON', async (t) => {
  const dataDir = folder(t)
  const server = await startServer(t, { dataDir, env: sealed })
  await put(server, text(1000))
  await server.stop()
  const { stdout } = await custody(['keys', 'rotate-master', '--json'], {
    dataDir,
    env: sealed,
  })
  const rotated = JSON.parse(stdout)
  t.match(rotated, { state: 'done', resumed: false, rewrapped: 1, error: null })
  t.equal(keysOf(dataDir).under(rotated.to), 1)
})

t.test('what is in the way of a rotation is told, and nothing is changed', async (t) => {
  const server = await startServer(t, { env: sealed })
  const { dataDir } = server
  await put(server, text(1000))
  const before = { keys: keysOf(dataDir), file: readFileSync(secret(dataDir), 'utf8') }
  const refuses = async (message: RegExp) => {
    t.match((await rotate(server)).error().message, message)
    t.same(keysOf(dataDir).rows, before.keys.rows)
    t.equal(readFileSync(secret(dataDir), 'utf8'), before.file)
  }
  const backup = takeExclusiveLock(join(dataDir, 'run', 'backup.lock'))
  await refuses(/A backup is being made, .* rotate when it is done/)
  backup?.release()
  const blocked = `${secret(dataDir)}.draft`
  mkdirSync(blocked)
  await refuses(/The master keys cannot be written to .*master-key' \(EISDIR\)/)
  rmSync(blocked, { recursive: true })
  t.equal((await rotate(server, server.api)).status, 403, 'it takes the admin key')
  t.equal((await rotate(server)).status, 200)
})

t.test(
  'a configured key: the new one is put first, and the former one is taken out by hand',
  async (t) => {
    const dataDir = folder(t)
    const path = join(folder(t), 'key')
    const one = newKey()
    writeFileSync(path, one)
    const env = { ...sealed, CUSTODY_MASTER_KEY: path }
    const server = await startServer(t, { dataDir, env })
    const id = await put(server, text(1000))
    const [old] = keysOf(dataDir).of('active')
    t.equal(
      (await rotate(server)).error().message,
      `CUSTODY_MASTER_KEY has no master key to rotate to, only ${old}: put a new one before it, 32 bytes in base64, and keep the former one beside it.`,
    )
    const both = `${newKey()}\n${one}\n`
    writeFileSync(path, both)
    t.same((await server.api.content(id)).bytes, text(1000), 'that alone changes nothing')
    const rotated = await server.custody('keys', 'rotate-master')
    t.equal(rotated.code, 0, rotated.stderr)
    t.match(
      rotated.stdout,
      `${old} opens nothing any more: take it out of CUSTODY_MASTER_KEY.`,
    )
    t.equal(readFileSync(path, 'utf8'), both, 'it is not ours to change')
    await server.stop()

    const again = await startServer(t, { dataDir, env })
    t.same((await again.api.content(id)).bytes, text(1000))
    await until('the reminder', () =>
      again.logs.some((line) => line.includes('open nothing any more: take them out')),
    )
  },
)

t.test('a rotation that is killed at any moment goes on at the next start', async (t) => {
  const dataDir = folder(t)
  let server = await spawnServer({ dataDir, env: sealed })
  const ids: string[] = []
  for (let n = 0; n < 200; n += 50) {
    const some = Array.from({ length: 50 }, (_, m) => put(server, text(500 + n + m)))
    ids.push(...(await Promise.all(some)))
  }
  const first = keysOf(dataDir).of('active')
  for (let round = 0; round < 2; round += 1) {
    const rotating = rotate(server).catch(() => {})
    const uploads = Array.from({ length: 4 }, () =>
      put(server, text(700)).then(
        (id) => void ids.push(id),
        () => {},
      ),
    )
    // Some time after it was asked, but once it has surely begun.
    if (round === 1) await until('its begin', () => hasBegun(dataDir))
    else await delay(15)
    await server.kill()
    await Promise.all([rotating, ...uploads])
    server = await spawnServer({ dataDir, env: sealed })
  }
  t.teardown(() => server.kill())
  await until('the end of the rotation', () => {
    const { of, under, all } = keysOf(dataDir)
    const [current, ...others] = of('active')
    const open = [...others, ...of('retiring'), ...of('standby')]
    return open.length === 0 && under(current) === all
  })
  t.notSame(keysOf(dataDir).of('active'), first)
  await until(
    'one key in the file',
    () => readFileSync(secret(dataDir), 'utf8').split('\n').length === 2,
  )
  for (const id of ids) t.equal((await server.api.content(id)).status, 200)
})

t.test(
  'a key that cannot be opened stops the rotation, which says so and loses nothing',
  async (t) => {
    const dataDir = folder(t)
    const server = await startServer(t, { dataDir, env: sealed })
    const [good, bad] = [await put(server, text(1000)), await put(server, text(2000))]
    const db = database(dataDir)
    const { extent } = db
      .prepare('select id as extent from extents order by id desc limit 1')
      .get() as { extent: string }
    db.prepare('update wrapped_keys set wrapped = zeroblob(60) where extent = ?').run(
      extent,
    )
    db.close()
    const [old] = keysOf(dataDir).of('active')
    const failed = await server.custody('keys', 'rotate-master')
    t.equal(failed.code, 1)
    t.match(failed.stdout, `1 key under ${old} cannot be opened`)
    t.match(failed.stdout, extent)
    t.same(keysOf(dataDir).of('retiring'), [old])
    t.equal(readFileSync(secret(dataDir), 'utf8').split('\n').length, 3, 'both are kept')
    t.same((await server.api.content(good)).bytes, text(1000))
    await server.api.delete(bad)
    await until('its key is gone', () => keysOf(dataDir).all === 1)
    t.match((await rotate(server)).json(), { from: old, resumed: true })
    await until('its end', () => keysOf(dataDir).of('retired').length === 1)
  },
)
