import { cpSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createTileReader, type EventLog, lastCheckpoint } from '@custody/event-log'
import { parseOrigin, parseVerifierKey } from '@custody/transparency'
import t from 'tap'
import { createCheckpoints } from '../../src/transparency/checkpoints.ts'
import { grow, openSigner, startLog, type TextStore, textStore } from './start-log.ts'

async function sign(log: EventLog, store: TextStore): Promise<string> {
  const checkpoints = createCheckpoints({
    log,
    signing: await openSigner(log, store),
    readTile: createTileReader(() => log.reader.sql),
    store,
    monotonic: () => 0,
  })
  return (await checkpoints.current()).note
}

const eventsOf = async (log: EventLog) =>
  (await log.reader.read()).map(({ record }) => record)
const keysOf = (store: TextStore) => (store.verifierKeys ?? '').trim().split('\n')

const beside = ({ path }: { readonly path: string }, name: string) =>
  join(dirname(path), name)

/** The database as it is now, to be opened as another log. */
async function copyOf(log: EventLog & { readonly path: string }) {
  await log.close()
  const path = beside(log, 'copy.db')
  cpSync(log.path, path)
  return path
}

t.test('a log without a key gets one, and keeps it', async (t) => {
  const log = await startLog(t)
  await grow(log, 3)
  const store = textStore()
  const { signer, epoch } = await openSigner(log, store)
  const [created, , , , added] = await eventsOf(log)
  t.equal(epoch, 1)
  t.match(added, { type: 'LogKeyAdded', data: { epoch: 1, vkey: keysOf(store)[0] } })
  const { logId } = parseOrigin(signer.verifier.name)
  t.match(created?.data, { log_id: logId })
  const again = await openSigner(log, store)
  t.equal(again.signer.verifier.keyId, signer.verifier.keyId)
  t.equal((await eventsOf(log)).length, 5)
})

t.test('a key that was made right before a crash is used', async (t) => {
  const path = join(t.testdir({}), 'custody.db')
  const log = await startLog(t, path)
  const store = textStore()
  const broken: EventLog = {
    ...log,
    append: async () => {
      throw new Error('the power went out')
    },
  }
  await t.rejects(openSigner(broken, store), /power/)
  const { key } = store
  t.match(key, /^PRIVATE\+KEY\+/)
  await openSigner(log, store)
  t.equal(store.key, key)
})

t.test('a log that is shorter than it was is refused', async (t) => {
  const log = await startLog(t)
  const store = textStore()
  await openSigner(log, store)
  const path = await copyOf(log)
  const longer = await startLog(t, log.path)
  await grow(longer, 5)
  const note = await sign(longer, store)
  const [, size, root] = note.split('\n')

  const back = await startLog(t, path)
  await t.rejects(openSigner(back, store), {
    key: 'log_rolled_back',
    message: `The log has only 2 events, but a checkpoint of ${size} events, root ${root} (epoch 1) was signed, says the checkpoint file.`,
  })
  t.equal(store.checkpoint, note)
  t.equal((await eventsOf(back)).length, 2)

  await grow(back, 10)
  const diverged = `root [A-Za-z0-9+/]+= at ${size} events`
  await t.rejects(openSigner(back, store), {
    key: 'log_rolled_back',
    message: new RegExp(`^The log has ${diverged}, but a checkpoint of ${size} events`),
  })
})

t.test(
  'an accepted rollback begins an epoch that the next start goes on with',
  async (t) => {
    const log = await startLog(t)
    const store = textStore()
    await openSigner(log, store)
    const path = await copyOf(log)
    const longer = await startLog(t, log.path)
    await grow(longer, 5)
    const [origin, size, root] = (await sign(longer, store)).split('\n')
    const [former = ''] = keysOf(store)

    const back = await startLog(t, path)
    const { epoch, restored } = await openSigner(back, store, true)
    t.same([epoch, restored], [2, true])
    const [key = '', old] = keysOf(store)
    t.equal(old, former)
    t.equal(parseOrigin(parseVerifierKey(key).name).epoch, 2)
    const [restoring, retired, added] = (await eventsOf(back)).slice(2)
    t.match(restoring, {
      type: 'LogRestored',
      data: { epoch: 2, reason: 'rollback', old: { origin, size: Number(size), root } },
    })
    t.match(retired, { type: 'LogKeyRetired', data: { vkey: former } })
    t.match(added, { type: 'LogKeyAdded', data: { epoch: 2, vkey: key } })
    // Even where the first checkpoint of the epoch was not made before a crash.
    const next = await openSigner(back, store)
    t.same([next.epoch, next.last, next.restored], [2, undefined, false])
    const note = await sign(back, store)
    t.match(note, /^custody\/[0-9a-f-]+\/2\n5\n/)
    t.equal((await openSigner(back, store)).last?.note, note)
    t.equal((await openSigner(back, store, true)).epoch, 2, 'there is nothing to accept')

    // Back to the first epoch, below the second's checkpoint.
    await longer.close()
    const first = await startLog(t, log.path)
    await t.rejects(openSigner(first, store), {
      message:
        /back in epoch 1, with 7 events, but a checkpoint of 5 events.*\(epoch 2\)/,
    })
    t.equal((await openSigner(first, store, true)).epoch, 3, 'no epoch comes twice')
  },
)

t.test('a log does not sign without its own key', async (t) => {
  const log = await startLog(t)
  const store = textStore()
  await openSigner(log, store)
  const { key } = store
  const [vkey = ''] = keysOf(store)
  const refused = (message: string | RegExp) =>
    t.rejects(openSigner(log, store), { key: 'log_rolled_back', message })
  store.key = undefined
  await refused(`The key of the log, ${vkey}, is not at the key file.`)
  t.equal(store.key, undefined, 'nor makes one by itself')
  store.key = 'PRIVATE+KEY+secret'
  await refused(/^the key file is no signing key: malformed signer key; allowed/)
  const other = textStore()
  await openSigner(await startLog(t, beside(log, 'other.db')), other)
  store.key = other.key
  await refused(new RegExp(`the log's is ${vkey.replaceAll('+', '\\+')}`))
  const fresh = await startLog(t, beside(log, 'fresh.db'))
  const message = /^the key file is the signing key of 'custody/
  await t.rejects(openSigner(fresh, textStore({ key: key ?? '' })), { message })
  store.key = key
  await openSigner(log, store)
  store.key = undefined
  t.equal((await openSigner(log, store, true)).epoch, 2, 'a lost key ends its epoch')
})

t.test('a checkpoint of another log is refused', async (t) => {
  const first = await startLog(t)
  const one = textStore()
  await sign(first, one)
  const log = await startLog(t, beside(first, 'other.db'))
  const store = textStore()
  await sign(log, store)
  store.checkpoint = one.checkpoint
  await t.rejects(openSigner(log, store), {
    message: /^The database is that of log .*, but log .* was served here/,
  })
})

t.test('a checkpoint that is in one place only counts, and comes to both', async (t) => {
  const before = await startLog(t)
  const store = textStore()
  const first = await sign(before, store)
  await grow(before)
  const path = await copyOf(before)
  const log = await startLog(t, before.path)
  const second = await sign(log, store)
  for (const text of [undefined, first]) {
    store.checkpoint = text
    t.equal((await openSigner(log, store)).last?.note, second)
    t.equal(store.checkpoint, second)
  }
  // A database that has the events, and not what was signed of them.
  const behind = await startLog(t, path)
  t.equal((await lastCheckpoint(behind.reader.sql))?.note, first)
  t.equal((await openSigner(behind, store)).last?.note, second)
  t.equal((await lastCheckpoint(behind.reader.sql))?.note, second)
})

t.test('what is no checkpoint of the log stops it', async (t) => {
  const log = await startLog(t)
  const store = textStore()
  const note = await sign(log, store)
  const forged = note.replace(/\n\d+\n/, '\n1\n')
  t.not(forged, note)
  const texts: [string, RegExp][] = [
    [forged, /^What the checkpoint file keeps was not signed by the log: /],
    ['', /^What the checkpoint file keeps is no checkpoint: /],
    [note.slice(0, 40), /^What the checkpoint file keeps is no checkpoint: /],
  ]
  for (const [text, message] of texts) {
    store.checkpoint = text
    await t.rejects(openSigner(log, store), { key: 'log_rolled_back', message })
  }
  store.checkpoint = note
  await openSigner(log, store)
})
