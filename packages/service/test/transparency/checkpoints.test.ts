import { createTileReader, type EventLog, lastCheckpoint } from '@custody/event-log'
import { openCheckpoint, parseVerifierKey } from '@custody/transparency'
import t, { type Test } from 'tap'
import { createCheckpoints } from '../../src/transparency/checkpoints.ts'
import { grow, openSigner, startLog, type TextStore, textStore } from './start-log.ts'

async function start(t: Test, store: TextStore = textStore(), given?: EventLog) {
  const log = given ?? (await startLog(t))
  let now = 0
  const checkpoints = createCheckpoints({
    log,
    signing: await openSigner(log, store),
    readTile: createTileReader(() => log.reader.sql),
    store,
    monotonic: () => now,
  })
  const pass = (ms: number) => {
    now += ms
  }
  return { log, store, checkpoints, pass }
}

const head = async (log: EventLog) => (await log.reader.head()).position
const kept = async (log: EventLog) => (await lastCheckpoint(log.reader.sql))?.note

t.test(
  'a checkpoint is in the database and the file before it is given away',
  async (t) => {
    const { log, store, checkpoints } = await start(t)
    const { size, note } = await checkpoints.current()
    t.equal(size, await head(log))
    t.equal(store.checkpoint, note)
    t.equal(await kept(log), note)
    const keys = (store.verifierKeys ?? '').trim().split('\n').map(parseVerifierKey)
    t.equal(openCheckpoint(note, keys).checkpoint.size, size)
  },
)

t.test('a log that does not change is signed once', async (t) => {
  const { store, checkpoints, pass } = await start(t)
  const first = await checkpoints.current()
  pass(10_000)
  store.failure = new Error('nothing is written')
  t.equal(await checkpoints.current(), first)
})

t.test(
  'under load a checkpoint is of the last second, unless it must be later',
  async (t) => {
    const { log, checkpoints, pass } = await start(t)
    const first = await checkpoints.current()
    await grow(log)
    pass(999)
    t.equal((await checkpoints.current()).size, first.size)
    const later = await checkpoints.current(first.size + 1)
    t.equal(later.size, first.size + 1)
    await grow(log, 3)
    pass(999)
    t.equal(await checkpoints.current(later.size), later)
    pass(1)
    t.equal((await checkpoints.current()).size, later.size + 3)
  },
)

t.test('a proof takes any checkpoint that has its event', async (t) => {
  const { log, checkpoints, pass } = await start(t)
  const first = await checkpoints.covering(1)
  await grow(log)
  pass(10_000)
  t.equal(await checkpoints.covering(first.size), first)
  t.equal((await checkpoints.covering(first.size + 1)).size, first.size + 1)
})

t.test('whoever asks at the same time gets the same, or a later one', async (t) => {
  const { log, checkpoints } = await start(t)
  const asked: Promise<{ size: number; atLeast: number }>[] = []
  for (let round = 0; round < 20; round += 1) {
    await grow(log)
    const atLeast = await head(log)
    for (let count = 0; count < 3; count += 1) {
      asked.push(checkpoints.current(atLeast).then(({ size }) => ({ size, atLeast })))
    }
  }
  for (const { size, atLeast } of await Promise.all(asked)) t.ok(size >= atLeast)
})

t.test('what could not be written to the file is not given away', async (t) => {
  const { log, store, checkpoints } = await start(t)
  const first = await checkpoints.current()
  await grow(log)
  store.failure = new Error('the disk is full')
  await t.rejects(checkpoints.current(first.size + 1), /the disk is full/)
  t.equal(store.checkpoint, first.note)
  const second = await checkpoints.current(first.size + 1)
  t.equal(store.checkpoint, second.note, 'at the next try')
  t.equal(await kept(log), second.note)

  await grow(log)
  store.failure = new Error('again')
  await t.rejects(checkpoints.current(second.size + 1), /again/)
  await grow(log)
  const third = await checkpoints.current(second.size + 2)
  t.equal(third.size, await head(log), 'also when the log has grown meanwhile')
})

t.test(
  'what was written to the database although it failed is no obstacle',
  async (t) => {
    const log = await startLog(t)
    let failures = 0
    const doubtful: EventLog = {
      ...log,
      async keepCheckpoint(checkpoint) {
        await log.keepCheckpoint(checkpoint)
        failures += 1
        throw new Error('Nobody knows')
      },
    }
    const { checkpoints } = await start(t, textStore(), doubtful)
    t.equal((await checkpoints.current()).size, await head(log))
    t.equal(failures, 1)
    await log.keepCheckpoint({ epoch: 9, size: 9, root: Buffer.alloc(32), note: 'x' })
    await grow(log)
    await t.rejects(checkpoints.current(await head(log)), /comes after all/)
  },
)

t.test('nothing is signed that contradicts what was signed', async (t) => {
  const { log, store, checkpoints } = await start(t)
  const { note } = await checkpoints.current()
  // As if the log had been replaced under the running server: it says something else of its past.
  const { frontier, ...rest } = await log.reader.head()
  const lying: EventLog = {
    ...log,
    reader: {
      ...log.reader,
      head: async () => ({
        ...rest,
        position: 4,
        frontier: { size: 4, hashes: [Buffer.alloc(32, 1)] },
      }),
    },
  }
  const other = createCheckpoints({
    log: lying,
    signing: await openSigner(log, store),
    readTile: () => Buffer.alloc(32 * 256, 7),
    store,
    monotonic: () => 0,
  })
  t.equal(frontier.size, 2)
  await t.rejects(other.current(), { code: 'log_damaged' })
  t.equal(store.checkpoint, note)
  t.equal(await kept(log), note)
})
