import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import {
  commandOf,
  custody,
  environment,
  howOften,
  startServer,
  type TestServer,
  temporaryFolder,
  testSettings,
  until,
} from '@custody/testkit'
import t, { type Test } from 'tap'
import { fillLog } from '../bench/filled-log/fill-log.ts'
import { createRandom } from './random.ts'

const FILES = 3_000

const folder = temporaryFolder(t)
const filled = join(folder, 'filled')

t.before(async () => {
  await fillLog(filled, FILES, () => {})
})

/** A copy of the filled folder. */
function copy(name: string): string {
  const dataDir = join(folder, name)
  cpSync(filled, dataDir, { recursive: true })
  return dataDir
}

/** The tables of the files that the index has, by generation. */
function generations(dataDir: string): string[] {
  const db = new DatabaseSync(join(dataDir, 'custody.db'), { readOnly: true })
  const tables = db.prepare("select name from sqlite_schema where name glob 'files_v*'")
  const names = tables.all().map(({ name }) => String(name))
  db.close()
  return names.filter((name) => /^files_v\d+(_\d+)?$/.test(name)).sort()
}

const listed = async (dataDir: string) => {
  const { stdout } = await custody(['files', 'list', '--json'], { dataDir })
  return stdout.split('\n').filter((line) => line !== '').length
}

/** Files of a folder that hold a text. */
function holding(dataDir: string, text: string): string[] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => readFileSync(path).includes(text))
}

/** The index is what the log says. */
async function expectSound(t: Test, dataDir: string): Promise<void> {
  const { code, stdout } = await custody(['audit', 'replay'], { dataDir })
  t.equal(code, 0, stdout)
}

/** `custody index rebuild`, to be killed. */
function spawnRebuild(dataDir: string) {
  return spawn(...commandOf(['index', 'rebuild', 'files']), {
    env: environment({ ...testSettings, CUSTODY_DATA_DIR: dataDir }),
    stdio: 'ignore',
  })
}

const projections = ['files', 'directory', 'uploads', 'webhooks']

/** Resolves when it has begun. */
async function startRebuild(server: TestServer, name: string): Promise<void> {
  const path = `/v1/organization/projections/${name}/rebuild`
  const { status, text } = await server.admin.call('POST', path, { body: {} })
  if (status !== 200) throw new Error(text)
}

t.test('the index is built anew while the server serves', async (t) => {
  const dataDir = copy('serving')
  const server = await startServer(t, { dataDir })
  const before = generations(dataDir)
  let isOver = false
  let uploads = 0
  const client = async () => {
    while (!isOver) {
      const file = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
      const { status, json } = await server.api.upload(file)
      t.equal(status, 200)
      uploads += 1
      t.equal((await server.api.get(json().id)).status, 200, 'it is seen at once')
      t.equal((await server.api.list('limit=2')).data[0]?.id, json().id)
    }
  }
  // One client, so that the newest file is its own.
  const clients = client()
  const lists: number[] = []
  const lister = (async () => {
    while (!isOver) lists.push(await listed(dataDir))
  })()
  const { code, stdout, stderr } = await server.custody('index', 'rebuild')
  isOver = true
  await Promise.all([clients, lister])
  t.equal(code, 0, stderr)
  t.match(stdout, /^files: built anew from \d+ events, and live$/m)
  t.match(stdout, /^directory: built anew/m)
  t.equal(stderr, '', 'progress is for a terminal')
  t.ok(uploads > 0)
  t.ok(
    lists.every((count) => count >= FILES),
    `the command line lists all: ${lists}`,
  )
  await until('the removal', () => generations(dataDir).length === 1)
  t.notSame(generations(dataDir), before)
  t.equal((await server.custody('index', 'rebuild', 'files')).code, 0)
  const unknown = await server.custody('index', 'rebuild', 'nothing')
  t.equal(unknown.code, 1)
  t.match(unknown.stderr, /There is no projection 'nothing'; there are: .*files/)
  t.equal(await server.stop(), 0)
  await expectSound(t, dataDir)
})

t.test('without a server the command builds it by itself', async (t) => {
  const dataDir = copy('alone')
  const before = generations(dataDir)
  const { code, stderr } = await custody(['rebuild', 'files'], { dataDir })
  t.equal(code, 0, stderr)
  t.notSame(generations(dataDir).at(-1), before.at(-1))
  t.equal(await listed(dataDir), FILES)
})

t.test('killed at any moment, a rebuild leaves an index that is right', async (t) => {
  const seed = Date.now() % 2 ** 32
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const dataDir = copy('killed')
  for (let round = howOften(1, 5); round > 0; round -= 1) {
    const server = await startServer(t, { dataDir })
    const whole = projections.map((name) => startRebuild(server, name))
    await Promise.all(whole)
    await delay(random.integer(0, 120))
    await server.kill()
    await expectSound(t, dataDir)
  }
  const server = await startServer(t, { dataDir })
  await until('the removal', () => generations(dataDir).length === 1)
  t.equal((await server.custody('index', 'rebuild', 'files')).code, 0)
  t.equal(await server.stop(), 0)
})

t.test('a command that is killed leaves a rebuild to its server', async (t) => {
  const dataDir = copy('command')
  const before = generations(dataDir)
  const server = await startServer(t, { dataDir })
  const command = spawnRebuild(dataDir)
  const hasEnded = once(command, 'close')
  await until('the rebuild', () => generations(dataDir).join() !== before.join())
  command.kill('SIGKILL')
  await hasEnded
  await until('the swap', () => {
    const now = generations(dataDir)
    return now.length === 1 && now[0] !== before[0]
  })
  t.equal((await server.api.list('limit=1')).data.length, 1)
  await server.kill()
  // Without a server, the command is the server.
  const then = generations(dataDir).join()
  const alone = spawnRebuild(dataDir)
  const isGone = once(alone, 'close')
  await until('the rebuild', () => generations(dataDir).join() !== then)
  alone.kill('SIGKILL')
  await isGone
  await expectSound(t, dataDir)
})

t.test('an erasure beside a rebuild is answered, and done', async (t) => {
  const dataDir = copy('erased')
  const server = await startServer(t, { dataDir, env: { CUSTODY_SEAL: 'off' } })
  const mark = 'Wilhelmine-Erasmus'
  const file = { purpose: 'user_data', filename: `${mark}.txt`, content: mark }
  const { id } = (await server.api.upload(file)).json()
  const before = generations(dataDir)
  await startRebuild(server, 'files')
  const { status, text } = await server.api.call('POST', `/v1/files/${id}/erase`)
  t.equal(status, 200, text)
  t.same(holding(dataDir, mark), [])
  await until('the swap', () => {
    const now = generations(dataDir)
    return now.length === 1 && now[0] !== before[0]
  })
  t.same(holding(dataDir, mark), [])
  t.equal(await server.stop(), 0)
  await expectSound(t, dataDir)
})
