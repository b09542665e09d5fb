import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  commandOf,
  custody,
  environment,
  startServer,
  temporaryFolder,
  testSettings,
  until,
} from '@custody/testkit'
import t from 'tap'
import { blobsIn, noise, upload } from './backup-folders.ts'

const FILES = 24

const server = await startServer(t)
const contents = new Map<string, Buffer>()
for (let n = 0; n < FILES; n += 1) {
  const content = noise(200)
  contents.set(await upload(server, content), content)
}
const scratch = temporaryFolder(t)
const backup = join(scratch, 'backup')
const keys = join(scratch, 'keys')

/** Runs a command, and kills it as soon as something is so. Resolves to its exit code, or null where it was killed. */
async function killed(
  args: readonly string[],
  dataDir: string,
  when: () => boolean,
): Promise<number | null> {
  const child = spawn(...commandOf(args), {
    env: environment({ ...testSettings, CUSTODY_DATA_DIR: dataDir }),
    cwd: '/',
    stdio: 'ignore',
  })
  const ended = once(child, 'close')
  let code: number | null | undefined
  void ended.then(([found]) => {
    code = found
  })
  await until('the moment to kill it', () => code !== undefined || when())
  child.kill('SIGKILL')
  await ended
  return code ?? null
}

t.test('a backup that is killed is none, and the next goes on from there', async (t) => {
  const args = ['backup', backup, '--keys', keys]
  for (const some of [1, 12]) {
    const code = await killed(args, server.dataDir, () => blobsIn(backup).length >= some)
    const isWhole = existsSync(join(backup, 'manifest.sha256'))
    t.equal(isWhole, code === 0)
  }
  if (!existsSync(join(backup, 'manifest.sha256'))) {
    const refused = await custody(['restore', backup], { dataDir: join(scratch, 'none') })
    t.match(refused, { code: 1, stderr: /holds no whole backup/ })
    t.notOk(existsSync(join(scratch, 'none')))
  }
  const copied = blobsIn(backup).filter((path) => !path.endsWith('.part')).length
  const done = await server.custody(...args, '--json')
  t.equal(done.code, 0, done.stderr)
  const report = JSON.parse(done.stdout)
  t.ok(report.kept >= 1 && report.kept >= copied, `${report.kept} are not copied again`)
  t.equal(report.kept + report.copied.count, FILES)
})

t.test(
  'where there is a whole one, it stays one whenever the next is killed',
  async (t) => {
    const manifest = join(backup, 'manifest.sha256')
    const [first = ''] = contents.keys()
    await server.api.delete(first)
    contents.delete(first)
    const content = noise(200)
    contents.set(await upload(server, content), content)
    await killed(['backup', backup], server.dataDir, () =>
      existsSync(`${manifest}.draft`),
    )
    const check = await custody(['backup', 'verify', backup], server)
    t.equal(check.code, 0, check.stdout)
  },
)

t.test('a restore that is killed is no deployment, and the next is whole', async (t) => {
  t.equal((await server.custody('backup', backup, '--keys', keys)).code, 0)
  const dataDir = join(scratch, 'data')
  const args = ['restore', backup, '--keys', keys]
  const staging = join(dataDir, '.restore')
  const moments = [
    () => blobsIn(staging).length >= 10,
    () => existsSync(join(staging, 'ready.json')),
    () => existsSync(join(dataDir, 'blobs')),
  ]
  let restored = false
  for (const moment of moments) {
    if (restored) rmSync(dataDir, { recursive: true })
    restored = (await killed(args, dataDir, moment)) === 0
    // Moved last.
    if (!restored && !existsSync(staging)) restored = true
    if (restored) continue
    t.notOk(existsSync(join(dataDir, 'custody.db')) && !existsSync(staging))
  }
  if (!restored) {
    const refused = await custody(['serve'], { dataDir })
    t.match(refused, { code: 1, stderr: /was cut short: run `custody restore` again/ })
    const done = await custody(args, { dataDir })
    t.equal(done.code, 0, done.stderr)
  }
  const again = await startServer(t, { dataDir })
  for (const [id, content] of contents) {
    t.same((await again.api.content(id)).bytes, content)
  }
  t.equal((await again.api.list()).data.length, FILES)
  const verify = await again.custody('audit', 'verify', '--blobs')
  t.equal(verify.code, 0, verify.stdout)
})
