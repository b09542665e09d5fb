import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { custody, readEvents, spawnServer, startServer, until } from '@custody/testkit'
import t, { type Test } from 'tap'
import { database, folder, MiB, put, sealed, text } from './sealed-server.ts'

const secret = (dataDir: string) => join(dataDir, 'secrets', 'master-key')
const newKey = () => randomBytes(32).toString('base64')

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

    await server.stop()
    t.equal((await custody(['audit', 'verify', '--blobs'], { dataDir })).code, 0)
    const again = await startServer(t, { dataDir, env: sealed })
    t.ok((await again.api.content(ids[1] ?? '')).bytes.equals(text(2 * MiB)))
  },
)

t.test('it rotates by itself where no server runs, and tells it as JSON', async (t) => {
  const dataDir = folder(t)
  const server = await startServer(t, { dataDir, env: sealed })
  const id = await put(server, text(1000))
  await server.stop()
  const rotate = () =>
    custody(['keys', 'rotate-master', '--json'], { dataDir, env: sealed })
  const rotated = JSON.parse((await rotate()).stdout)
  t.match(rotated, { state: 'done', resumed: false, rewrapped: 1, error: null })
  const after = await startServer(t, { dataDir, env: sealed })
  t.same((await after.api.content(id)).bytes, text(1000))
})

t.test('where nothing is sealed, there is nothing to rotate', async (t) => {
  const server = await startServer(t, { env: { CUSTODY_SEAL: 'off' } })
  const refused = await server.custody('keys', 'rotate-master')
  t.equal(refused.code, 1)
  t.match(refused.stderr, /There is no master key to rotate: nothing is sealed here/)
})

t.test(
  'configured keys: the new one is put first, and the former one taken out afterwards',
  async (t) => {
    const dataDir = folder(t)
    const [one, two] = [newKey(), newKey()]
    const start = (keys: string) =>
      startServer(t, { dataDir, env: { ...sealed, CUSTODY_MASTER_KEY: keys } })
    const first = await start(one)
    const id = await put(first, text(1000))
    const alone = await first.custody('keys', 'rotate-master')
    t.equal(alone.code, 1)
    t.match(
      alone.stderr,
      /CUSTODY_MASTER_KEY has no master key to rotate to, only mk_\w+: put a new one before it/,
    )
    await first.stop()
    const both = await start(`${two},${one}`)
    t.same((await both.api.content(id)).bytes, text(1000), 'that alone changes nothing')
    const [old] = keysOf(dataDir).of('active')
    const rotated = await both.custody('keys', 'rotate-master')
    t.equal(rotated.code, 0, rotated.stderr)
    t.match(
      rotated.stdout,
      `${old} opens nothing any more: take it out of CUSTODY_MASTER_KEY.`,
    )
    await both.stop()
    const reminded = await start(`${two},${one}`)
    await until('the reminder', () =>
      reminded.logs.some((line) => line.includes('open nothing any more: take them out')),
    )
    await reminded.stop()
    const last = await start(two)
    t.same((await last.api.content(id)).bytes, text(1000))
  },
)

t.test(
  'a key in a configured file is found without a new start of the server',
  async (t) => {
    const dataDir = folder(t)
    const path = join(folder(t), 'key')
    const one = newKey()
    writeFileSync(path, one)
    const env = { ...sealed, CUSTODY_MASTER_KEY: path }
    const server = await startServer(t, { dataDir, env })
    const id = await put(server, text(1000))
    const given = `${newKey()}\n${one}\n`
    writeFileSync(path, given)
    t.equal((await server.custody('keys', 'rotate-master')).code, 0)
    t.equal(readFileSync(path, 'utf8'), given, 'it is not ours to change')
    t.same((await server.api.content(id)).bytes, text(1000))
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
  for (let round = 0; round < 3; round += 1) {
    const rotating = server.admin
      .call('POST', '/v1/organization/master_keys/rotate', { body: {} })
      .catch(() => {})
    const uploads = Array.from({ length: 4 }, () =>
      put(server, text(700)).then(
        (id) => void ids.push(id),
        () => {},
      ),
    )
    // Some time after it was asked, but once it has surely begun.
    if (round === 2) await until('its begin', () => hasBegun(dataDir))
    else await delay(5 + round * 20)
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
    const done = await server.custody('keys', 'rotate-master')
    t.equal(done.code, 0, done.stdout)
    t.match(done.stdout, /^A rotation that was interrupted went on. /)
  },
)
