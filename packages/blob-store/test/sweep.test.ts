import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type SweepOptions, sweep } from '../src/index.ts'
import { listAll, openStore } from './fixtures/stores.ts'

const HOUR_MS = 3_600_000
const now = Date.UTC(2026, 5, 1)

t.test('an object without event goes, one with an event stays', async (t) => {
  const { store, put, log } = await setUp(t)
  const kept = await put()
  const orphan = await put()
  log.add(kept)
  const result = await sweep({ store, now, ...log.questions })
  t.match(result, {
    outcome: 'removed',
    objects: 2,
    removed: [orphan],
    missing: [],
    young: 0,
  })
  t.same(await idsIn(store), [kept])
})

t.test(
  'an event without object is reported, and nothing else happens to it',
  async (t) => {
    const { store, put, log } = await setUp(t)
    const stored = await put()
    log.add(stored)
    const lost = randomUUID()
    log.add(lost)
    const result = await sweep({ store, now, ...log.questions })
    t.match(result, { outcome: 'removed', missing: [lost], removed: [], orphans: [] })
  },
)

t.test('what was deleted meanwhile, or waits for that, is not missing', async (t) => {
  const { store } = await setUp(t)
  const result = await sweep({
    store,
    now,
    isReferenced: async (asked) => new Set(asked),
    isNeeded: async () => new Set(),
    referenced: async function* () {
      yield randomUUID()
    },
  })
  t.same(result.missing, [])
})

t.test('an orphan that gets its event before the removal stays', async (t) => {
  const { store, put, log } = await setUp(t)
  const late = await put()
  let asked = 0
  const result = await sweep({
    store,
    now,
    ...log.questions,
    isReferenced: async () => {
      asked += 1
      return new Set(asked === 1 ? [] : [late])
    },
  })
  t.same(result.removed, [])
  t.same(await idsIn(store), [late])
})

t.test(
  'the age limit counts from the later of the file time and the time in the id',
  async (t) => {
    const { store, put, log } = await setUp(t)
    const old = await put({ ageMs: 24 * HOUR_MS, idAgeMs: 24 * HOUR_MS })
    const youngFile = await put({ ageMs: 24 * HOUR_MS - 1000, idAgeMs: 48 * HOUR_MS })
    const youngId = await put({ ageMs: 48 * HOUR_MS, idAgeMs: 24 * HOUR_MS - 1000 })
    const fromTheFuture = await put({ ageMs: -HOUR_MS, idAgeMs: -HOUR_MS })
    const result = await sweep({ store, now, ...log.questions })
    t.match(result, { removed: [old], young: 3 })
    t.same(await idsIn(store), [youngFile, youngId, fromTheFuture].sort())
    const all = await sweep({ store, now, minAgeMs: -2 * HOUR_MS, ...log.questions })
    t.equal(all.removed.length, 3)
  },
)

t.test('the time of an id that is no UUIDv7 does not count', async (t) => {
  const { store, put, log } = await setUp(t)
  const extentId = 'ffffffff-ffff-4fff-8fff-ffffffffffff'
  await put({ extentId })
  t.same((await sweep({ store, now, ...log.questions })).removed, [extentId])
})

t.test('a dry run finds all and removes nothing', async (t) => {
  const { store, put, log } = await setUp(t)
  const orphan = await put()
  const result = await sweep({ store, now, dryRun: true, ...log.questions })
  t.match(result, { outcome: 'dry_run', orphans: [{ extentId: orphan, bytes: 1 }] })
  t.same(result.removed, [])
  t.same(await idsIn(store), [orphan])
})

t.test('20 orphans are removed, 21 are too many without force', async (t) => {
  const { store, put, log } = await setUp(t)
  for (let n = 0; n < 20; n += 1) await put()
  t.match(await sweep({ store, now, ...log.questions }), {
    outcome: 'removed',
    allowed: 20,
  })
  t.same(await idsIn(store), [])
  for (let n = 0; n < 21; n += 1) await put()
  const refused = await sweep({ store, now, ...log.questions })
  t.match(refused, { outcome: 'too_many', allowed: 20, removed: [] })
  t.equal(refused.orphans.length, 21)
  t.equal((await idsIn(store)).length, 21, 'nothing was touched')
  const forced = await sweep({ store, now, force: true, ...log.questions })
  t.equal(forced.removed.length, 21)
  t.same(await idsIn(store), [])
})

t.test('of many objects, 1 % may be removed', async (t) => {
  const { store, log } = await setUp(t)
  // Straight into the folders: 2,500 commits would take seconds.
  const blobs = join(store.folder, 'blobs')
  const ids = Array.from({ length: 2_500 }, () => randomUUID())
  for (const id of ids) {
    mkdirSync(join(blobs, id.slice(-2)), { recursive: true })
    writeFileSync(join(blobs, id.slice(-2), id), 'x')
  }
  const later = Date.now() + 48 * HOUR_MS
  for (const id of ids.slice(26)) log.add(id)
  const refused = await sweep({ store, now: later, ...log.questions })
  t.match(refused, { outcome: 'too_many', allowed: 25, objects: 2_500 })
  t.equal((await idsIn(store)).length, 2_500)
  for (const id of ids.slice(25, 26)) log.add(id)
  const done = await sweep({ store, now: later, ...log.questions })
  t.equal(done.outcome, 'removed')
  t.same([...done.removed].sort(), ids.slice(0, 25).sort())
  t.same(await idsIn(store), ids.slice(25).sort())
})

t.test('a sweep ends when its signal says so', async (t) => {
  const { store, put, log } = await setUp(t)
  await put()
  const signal = AbortSignal.abort(new Error('stopping'))
  await t.rejects(sweep({ store, now, signal, ...log.questions }), {
    message: 'stopping',
  })
  t.equal((await idsIn(store)).length, 1)
})

async function setUp(t: Test) {
  const store = await openStore(t)
  const ids = new Set<string>()
  const known = async (asked: readonly string[]) =>
    new Set(asked.filter((id) => ids.has(id)))
  const log = {
    add: (extentId: string) => ids.add(extentId),
    questions: {
      isReferenced: known,
      isNeeded: known,
      async *referenced() {
        yield* ids
      },
    },
  }
  /** Stores one byte, by default two days ago. */
  const put = async (
    options: { ageMs?: number; idAgeMs?: number; extentId?: string } = {},
  ) => {
    const { ageMs = 48 * HOUR_MS, idAgeMs = 48 * HOUR_MS } = options
    const extentId = options.extentId ?? uuidv7(now - idAgeMs)
    await store.fromBuffer(Buffer.from('x')).commit(extentId)
    const blobs = join(store.folder, 'blobs')
    const folder = readdirSync(blobs).find((name) =>
      readdirSync(join(blobs, name)).includes(extentId),
    )
    const time = (now - ageMs) / 1000
    utimesSync(join(blobs, folder ?? '', extentId), time, time)
    return extentId
  }
  return { store, put, log }
}

async function idsIn(store: Pick<SweepOptions['store'], 'list'>): Promise<string[]> {
  return (await listAll(store)).map(({ extentId }) => extentId).sort()
}

function uuidv7(time: number): string {
  const hex = time.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15)}`
}
