import { cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  custody,
  gapsOf,
  readEvents,
  startServer,
  storedBlobs,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t from 'tap'
import { checkpointOf, filesWith, noise, sizeOf, upload } from './backup-folders.ts'

// The master key is that of the secrets folder, as in a deployment that was never configured.
const scratch = temporaryFolder(t)
const original = join(scratch, 'data')
const backup = join(scratch, 'backup')
const keys = join(scratch, 'keys')
const kept = join(scratch, 'kept')
const mark = 'a-name-that-is-erased'

const large = noise(300)
const server = await startServer(t, { dataDir: original })
const ids = {
  large: await upload(server, large, 'large.bin'),
  small: await upload(server, 'Hello'),
  deleted: await upload(server, noise()),
  erased: await upload(server, noise(), `${mark}.bin`),
}
const project = await server.createProject()
const revoked = await server.createProject()
const before = await checkpointOf(server)
const made = await server.custody('backup', backup, '--keys', keys, '--json')
// What a backup cannot have.
const later = await upload(server, 'later')
await server.api.delete(ids.deleted)
await server.custody('keys', 'revoke', revoked.keyId, '--project', revoked.id)
await server.api.call('POST', `/v1/files/${ids.erased}/erase`)
// One is given again for a second.
const after = await until('a further checkpoint', async () => {
  const note = await checkpointOf(server)
  return note !== before && note
})
cpSync(join(original, 'erasures.log'), `${kept}.erasures`)
writeFileSync(`${kept}.before`, before)
writeFileSync(`${kept}.after`, after)
await server.kill()
rmSync(original, { recursive: true })

t.test('a deployment that was lost comes back', async (t) => {
  t.equal(made.code, 0, made.stderr)
  const dataDir = join(scratch, 'restored', 'data')
  const given = ['--erasures', `${kept}.erasures`, '--checkpoint', `${kept}.after`]
  const command = ['restore', backup, '--keys', keys, ...given]
  const done = await custody(command, { dataDir })
  t.equal(done.code, 0, done.stderr)
  t.match(done.stdout, 'A new epoch begins')
  t.match(done.stdout, /Lost: events \d+ to \d+, of which/)
  t.same(filesWith(dataDir, mark), [], 'what was erased since is erased')
  for (const name of readdirSync(join(dataDir, 'secrets'))) {
    t.equal(statSync(join(dataDir, 'secrets', name)).mode & 0o777, 0o600, name)
  }
  t.notOk(existsSync(join(dataDir, '.restore')))

  const again = await startServer(t, { dataDir })
  const { api } = again
  t.same((await api.content(ids.large)).bytes, large)
  t.equal((await api.content(ids.small)).text, 'Hello')
  t.equal((await api.get(ids.large)).json().filename, 'large.bin')
  t.equal((await api.get(ids.erased)).status, 404)
  t.equal((await api.get(later)).status, 404, 'the backup is older')
  t.equal((await api.get(ids.deleted)).status, 200, 'a delete that was lost, too')
  t.equal((await again.as(project.key).list()).data.length, 0, 'keys are good')
  const key = await again.as(revoked.key).call('GET', '/v1/files')
  t.equal(key.status, 401, 'but those that were revoked since')
  t.equal((await api.content(await upload(again, 'new'))).text, 'new')

  const events = await readEvents(dataDir)
  t.same(gapsOf(events), [])
  const restored = events.filter(({ record }) => record.type === 'LogRestored')
  const [origin, size, root] = after.split('\n')
  t.match(
    restored.map(({ record }) => record.data),
    [{ epoch: 2, reason: 'restore', old: { origin, size: Number(size), root } }],
  )
  const note = await checkpointOf(again)
  t.equal(note.split('\n')[0], origin?.replace(/1$/, '2'))

  const verify = (...flags: string[]) => again.custody('audit', 'verify', ...flags)
  const whole = await verify('--blobs', '--checkpoint', `${kept}.before`)
  t.equal(whole.code, 0, whole.stdout)
  const told = await verify('--checkpoint', `${kept}.after`)
  t.equal(told.code, 1)
  const at = JSON.parse(made.stdout).log.size
  t.match(
    told.stdout,
    `the log was restored from a backup as it was at ${at} events: events ${at + 1}..${sizeOf(after)} of epoch 1 are lost`,
  )
  t.match(told.stdout, /^BAD: 1 finding /m)
  const replay = await again.custody('audit', 'replay')
  t.equal(replay.code, 0, replay.stdout)
})

t.test(
  'without the keys it is said what is lost, and the keys bring it back',
  async (t) => {
    const dataDir = join(temporaryFolder(t), 'data')
    const done = await custody(['restore', backup], { dataDir })
    t.equal(done.code, 0, done.stderr)
    t.match(
      done.stdout,
      /The master key mk_[0-9a-f]{16} is not there: 4 pieces of content cannot be opened without it, and no server starts\. Put it into .*secrets\/master-key/,
    )
    const refused = await custody(['serve'], { dataDir })
    t.equal(refused.code, 1)
    t.match(refused.stderr, 'The master key is not there')
    t.notOk(
      existsSync(join(dataDir, 'secrets', 'master-key')),
      'none is made in its place',
    )
    t.equal(storedBlobs(dataDir).length, 3, 'nothing is destroyed')

    const [generation = ''] = readdirSync(keys)
    cpSync(join(keys, generation, 'master-key'), join(dataDir, 'secrets', 'master-key'))
    const again = await startServer(t, { dataDir })
    t.same((await again.api.content(ids.large)).bytes, large)
  },
)
