import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  custody,
  gapsOf,
  plainCheckpoint,
  plainConsistency,
  plainProof,
  readEvents,
  startServer,
  type TestServer,
  temporaryFolder,
} from '@custody/testkit'
import t, { type Test } from 'tap'

const upload = async ({ api }: TestServer) => {
  const form = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  return (await api.upload(form)).json().id
}
const checkpoint = async ({ api }: TestServer) =>
  (await api.call('GET', '/v1/log/checkpoint')).text
const receipt = async ({ api }: TestServer, id: string) =>
  (await api.call('GET', `/v1/files/${id}/receipt`)).text
const keysOf = (dataDir: string) =>
  readFileSync(join(dataDir, 'log.vkey'), 'utf8').trim().split('\n')
const sizeOf = (note: string) => Number(note.split('\n')[1])

/** Moves the database alone, with what belongs to it. */
function copyDatabase(from: string, to: string): void {
  for (const name of ['custody.db', 'custody.db-wal', 'custody.db-shm']) {
    rmSync(join(to, name), { force: true })
    if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name))
  }
}

/** What a start says that does not take place. */
async function refusal(dataDir: string): Promise<string> {
  const { code, stderr } = await custody(['serve'], { dataDir })
  return `${code} ${stderr}`
}

// A deployment that signed a checkpoint after its database was copied, and was killed right after the answer.
const original = join(temporaryFolder(t), 'data')
const before = temporaryFolder(t)
const first = await startServer(t, { dataDir: original })
const old = await upload(first)
const oldReceipt = await receipt(first, old)
await first.stop()
copyDatabase(original, before)
const second = await startServer(t, { dataDir: original })
await upload(second)
const note = await checkpoint(second)
await second.kill()
const [vkey = ''] = keysOf(original)

/** A copy of it. */
function copy(t: Test): string {
  const dataDir = join(temporaryFolder(t), 'data')
  cpSync(original, dataDir, { recursive: true })
  return dataDir
}

t.test('what a checkpoint says is there after kill -9', async (t) => {
  const dataDir = copy(t)
  t.equal(readFileSync(join(dataDir, 'log.checkpoint'), 'utf8'), note)
  const server = await startServer(t, { dataDir })
  t.equal(await checkpoint(server), note, 'nothing happened since')
  await upload(server)
  const answer = await server.api.call('GET', `/v1/log/consistency?from=${sizeOf(note)}`)
  const { hashes, note: later } = plainProof(answer.text)
  t.ok(sizeOf(later) > sizeOf(note))
  t.ok(plainCheckpoint(later, vkey))
  const records = (await readEvents(dataDir)).map(({ record }) => JSON.stringify(record))
  t.same(hashes, plainConsistency(sizeOf(note), records.slice(0, sizeOf(later))))
})

t.test('a database from before a checkpoint is not served', async (t) => {
  const dataDir = copy(t)
  copyDatabase(before, dataDir)
  const events = (await readEvents(dataDir)).length
  const said = await refusal(dataDir)
  t.match(said, /^1 custody: /)
  t.match(said, `The log has only ${events} events`)
  t.match(said, `${sizeOf(note)} events, root ${note.split('\n')[2]}`)
  t.match(said, /--accept-rollback/)
  t.equal((await readEvents(dataDir)).length, events, 'and stays as it was found')
  t.equal(readFileSync(join(dataDir, 'log.checkpoint'), 'utf8'), note)

  const server = await startServer(t, { dataDir, flags: ['--accept-rollback'] })
  const [key = '', ...former] = keysOf(dataDir)
  t.match(key, /^custody\/[0-9a-f-]+\/2\+/)
  t.same(former, [vkey])
  const all = await readEvents(dataDir)
  t.same(gapsOf(all), [])
  const [restored, retired, added] = all.slice(events).map(({ record }) => record)
  t.match(restored, {
    type: 'LogRestored',
    data: {
      epoch: 2,
      reason: 'rollback',
      old: {
        origin: note.split('\n')[0],
        size: sizeOf(note),
        root: note.split('\n')[2],
      },
    },
  })
  t.match(retired, { type: 'LogKeyRetired', data: { vkey } })
  t.match(added, { type: 'LogKeyAdded', data: { vkey: key, epoch: 2 } })
  t.equal((await server.api.get(old)).status, 200)
  const now = await checkpoint(server)
  t.ok(plainCheckpoint(now, key))
  t.notOk(plainCheckpoint(now, vkey), 'the former key signs nothing more')
  await server.stop()

  const path = join(dataDir, 'receipt.json')
  writeFileSync(path, oldReceipt)
  const verified = await custody(['audit', 'verify-receipt', path], { dataDir })
  t.equal(verified.code, 0, 'what the former key signed can still be verified')
  const again = await startServer(t, { dataDir })
  t.equal(await checkpoint(again), now, 'the next start needs no word')
  t.same(keysOf(dataDir), [key, vkey])
})

t.test('a database that is lost is not begun anew in silence', async (t) => {
  const dataDir = copy(t)
  for (const name of ['custody.db', 'custody.db-wal', 'custody.db-shm']) {
    rmSync(join(dataDir, name), { force: true })
  }
  t.match(await refusal(dataDir), /^1 .*There is no database at .*--accept-rollback/s)
  t.notOk(existsSync(join(dataDir, 'custody.db')))
  const server = await startServer(t, { dataDir, flags: ['--accept-rollback'] })
  const restored = (await readEvents(dataDir)).find(
    ({ record }) => record.type === 'LogRestored',
  )
  t.match(restored?.record.data, { epoch: 1, old: { size: sizeOf(note) } })
  const origin = note.split('\n')[0] ?? ''
  t.not((await checkpoint(server)).split('\n')[0], origin, 'it is another log')
})
