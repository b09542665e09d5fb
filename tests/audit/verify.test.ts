import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  custody,
  custodyBin,
  custodyHere,
  startServer,
  temporaryFolder,
} from '@custody/testkit'
import t from 'tap'
import { database, makeDeployment } from './deployment.ts'
import { tamperWith } from './tamper.ts'

const deployment = makeDeployment(t)

t.test('a log that nobody touched verifies, and so does its content', async (t) => {
  const dataDir = (await deployment).copy()
  const before = listing(dataDir)
  const { code, stdout, stderr } = await custody(['audit', 'verify', '--blobs'], {
    dataDir,
  })
  t.equal(code, 0, stdout)
  t.match(
    stdout,
    /^OK: \d{3} events, root [A-Za-z0-9+/]{43}=, \d+ extents of \d+ bytes\n$/,
  )
  t.equal(stderr, '', 'progress is for a terminal')
  t.same(listing(dataDir), before, 'and nothing was written')
})

/** Files with their sizes; those that SQLite makes for a reader of a WAL database aside. */
function listing(dataDir: string): string[] {
  return readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
    .filter((path) => !/-(wal|shm)$/.test(path))
    .map((path) => `${path} ${statSync(join(dataDir, path)).size}`)
    .sort()
}

/** Who may not write everywhere, as root may. */
const nobody = process.getuid?.() === 0 ? { uid: 65534 } : {}
const isRunnable = spawnSync('test', ['-r', custodyBin], nobody).status === 0

t.test(
  'a copy in which nothing may be written is verified all the same',
  { skip: !isRunnable && 'nobody but root can read this repository' },
  async (t) => {
    const dataDir = (await deployment).copy()
    const mode = (bits: number) => {
      const paths = readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
      for (const path of ['', ...paths]) {
        const full = join(dataDir, path)
        chmodSync(full, statSync(full).isDirectory() ? bits | 0o111 : bits)
      }
    }
    chmodSync(dirname(dataDir), 0o755)
    t.teardown(() => mode(0o644))
    const options = { dataDir, ...nobody }
    mode(0o444)
    for (const [CUSTODY_SQLITE_DRIVER, ...args] of [
      ['node', 'verify', '--blobs'],
      ['sqlite3', 'replay'],
    ]) {
      const env = { CUSTODY_SQLITE_DRIVER }
      t.match(await custody(['audit', ...args], { ...options, env }), {
        code: 0,
        stdout: /^OK: /,
      })
    }
    mode(0o644)
    rmSync(join(dataDir, 'custody.db-shm'), { force: true })
    writeFileSync(join(dataDir, 'custody.db-wal'), 'What was not yet in the database')
    mode(0o444)
    const { code, stderr } = await custody(['audit', 'verify'], options)
    t.equal(code, 2, 'what is not read is not passed over')
    t.match(stderr, /The last events of '.*' are in its write-ahead log.* Copy/)
  },
)

t.test('what is wrong is told line by line, or as JSON', async (t) => {
  const dataDir = (await deployment).copy()
  tamperWith(database(dataDir), (db) =>
    db.exec("update events set actor = 'key:other' where position = 30"),
  )
  const { code, stdout } = await custodyHere(['audit', 'verify'], { dataDir })
  t.equal(code, 1)
  t.match(
    stdout,
    /^events 30, actor: is not what the record says \(expected "key:\w+", found "key:other"\)\nBAD: 1 finding in \d+ events\n$/,
  )
  const json = await custodyHere(['audit', 'verify', '--json'], { dataDir })
  t.equal(json.code, 1)
  t.match(JSON.parse(json.stdout), {
    ok: false,
    count: 1,
    findings: [{ table: 'events', key: '30', column: 'actor', found: '"key:other"' }],
  })
})

t.test('a folder without a log cannot be verified', async (t) => {
  const { code, stderr } = await custodyHere(['audit', 'verify'], {
    dataDir: temporaryFolder(t),
  })
  t.equal(code, 2)
  t.match(stderr, /There is no database/)
})

t.test('beside a server that writes, and in a copy that is made meanwhile', async (t) => {
  const server = await startServer(t)
  const upload = { purpose: 'user_data', filename: 'a.txt' }
  let isOver = false
  const client = async () => {
    while (!isOver) {
      const large = await server.api.upload({ ...upload, content: Buffer.alloc(70_000) })
      const { id } = (await server.api.upload({ ...upload, content: 'Hello' })).json()
      // For which the log signs a checkpoint.
      t.equal((await server.api.call('GET', `/v1/files/${id}/receipt`)).status, 200)
      await server.api.delete(large.json().id)
    }
  }
  const clients = [client(), client(), client()]
  for (let n = 0; n < 3; n += 1) {
    const { code, stdout } = await server.custodyHere('audit', 'verify', '--blobs')
    t.equal(code, 0, stdout)
  }
  isOver = true
  await Promise.all(clients)
  await server.kill()
  const dataDir = join(temporaryFolder(t), 'copy')
  cpSync(server.dataDir, dataDir, {
    recursive: true,
    filter: (path) => path !== join(server.dataDir, 'secrets'),
  })
  const { code, stdout } = await custodyHere(['audit', 'verify', '--blobs'], { dataDir })
  t.equal(code, 0, stdout)
})
