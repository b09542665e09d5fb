import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { listMasterKeys, listWrappedKeys } from '@custody/file-index'
import t, { type Test } from 'tap'
import type { Appender } from '../../src/appender.ts'
import { createIds } from '../../src/ids.ts'
import {
  type KeyRing,
  type MasterKey,
  type MasterKeyStore,
  masterKey,
  openKeyRing,
} from '../../src/index.ts'
import { createMasterKeyRotation } from '../../src/keys/master-key-rotation.ts'
import { openLog } from '../support/open-log.ts'

const ids = createIds(Date.now)
const nothing = () => {}
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
const asking = { actor: 'system', requestId: 'req_1' }

/** Keys in memory: they outlive a process of the test, as a file does. */
function keyStore(): MasterKeyStore & { keys: MasterKey[]; isBroken: boolean } {
  const store = {
    keys: [] as MasterKey[],
    isBroken: false,
    source: 'the store',
    load: () => store.keys,
    make() {
      const made = masterKey(randomBytes(32))
      store.keys = [made, ...store.keys]
      return made
    },
    remove(gone: ReadonlySet<string>) {
      if (store.isBroken) throw new Error('killed before the key was removed')
      store.keys = store.keys.filter(({ id }) => !gone.has(id))
    },
  }
  return store
}

async function startLog(t: Test) {
  const { log, appender } = await openLog(t, { ids, onDefect: nothing, onLost: nothing })
  await appender.append(
    { type: 'CreateProject', id: 'p', name: 'p', dialect: 'openai', limits: {} },
    { project: 'p', ...asking },
  )
  const sql = log.reader.sql
  return {
    log,
    appender,
    sql,
    wrapped: () => listWrappedKeys(sql, { after: '', limit: 10_000 }),
    states: async () =>
      Object.fromEntries((await listMasterKeys(sql)).map(({ id, state }) => [id, state])),
  }
}

type TestLog = Awaited<ReturnType<typeof startLog>>

/** Uploads a file, of which the test wants the key only. Resolves to it. */
async function addKey({ appender }: TestLog, ring: KeyRing, dataKey = randomBytes(32)) {
  const [file, extent] = [ids.uuid(), ids.uuid()]
  const { kek, wrapped } = ring.wrap(dataKey, extent)
  const sha256 = '0'.repeat(64)
  await appender.append(
    {
      type: 'UploadFile',
      file,
      purpose: 'user_data',
      bytes: 1,
      expiry: null,
      filename: 'a',
      sha256,
      declaredType: null,
      facts: {},
      validatedBy: [],
      extents: [{ id: extent, bytes: 1, sha256 }],
      places: [
        {
          place: 'inline',
          format: 'sealed-box',
          storedBytes: 17,
          key: { kek, wrapped: Buffer.from(wrapped).toString('base64') },
        },
      ],
    },
    { project: 'p', ...asking },
    [new Uint8Array(17)],
  )
  return { extent, dataKey }
}

/** What a new process has. */
async function start(opened: TestLog, store: MasterKeyStore, appender = opened.appender) {
  const { log } = opened
  const keys = await openKeyRing({ log, ids, seals: true, store })
  if (!keys) throw new Error('no ring')
  const rotation = createMasterKeyRotation({ log, logger, ids, keys }, appender, {
    store,
    takeTurn: () => ({ release() {} }),
  })
  return {
    ring: keys,
    rotation,
    async rotate() {
      await rotation.begin(asking)
      while (rotation.view().state === 'running') await delay(2)
      return rotation.view()
    },
  }
}

/** Fails from a command on, as the process would that is killed before it. */
function dying(appender: Appender, after: number): Appender {
  let left = after
  return {
    ...appender,
    append(...asked) {
      if (left === 0) return Promise.reject(new Error('killed'))
      left -= 1
      return appender.append(...asked)
    },
  }
}

t.test(
  'a rotation that is interrupted before any of its steps goes on from there',
  async (t) => {
    const opened = await startLog(t)
    const store = keyStore()
    const first = await start(opened, store)
    const known: { extent: string; dataKey: Uint8Array }[] = []
    for (let n = 0; n < 450; n += 1) known.push(await addKey(opened, first.ring))
    // Two commands that say who is who, three pages, one that ends it.
    for (let steps = 0; steps <= 6; steps += 1) {
      const dyingOne = await start(opened, store, dying(opened.appender, steps))
      const former = dyingOne.ring.current
      store.isBroken = steps === 6
      const view = await dyingOne.rotate().catch(() => undefined)
      t.equal(view?.state, steps < 2 ? undefined : 'failed', `${steps} steps`)
      store.isBroken = false
      t.ok(store.keys.length >= 2, 'no key is lost')

      const next = await start(opened, store)
      known.push(await addKey(opened, next.ring))
      // Before its first step nothing was begun but that a key was made, which the next one takes.
      if (steps === 0) await next.rotate()
      else await next.rotation.resume()
      while (next.rotation.view().state === 'running') await delay(2)
      t.equal(store.keys.length, 1)
      t.not(next.ring.current, former)
      for (const row of await opened.wrapped()) {
        const { dataKey } = known.find(({ extent }) => extent === row.extent) ?? {}
        t.same(Buffer.from(next.ring.unwrap(row, row.extent)), dataKey)
      }
      const states = await opened.states()
      const current = Object.keys(states).filter((id) => states[id] !== 'retired')
      t.same(current, [store.keys[0]?.id])
    }
  },
)

t.test('a key that was destroyed during a rotation does not come back', async (t) => {
  const opened = await startLog(t)
  const store = keyStore()
  const { ring } = await start(opened, store)
  const { appender } = opened
  const { extent } = await addKey(opened, ring)
  const slow: Appender = {
    ...appender,
    async append(command, ...asked) {
      // It is read by then, and not written yet.
      if (command.type === 'RewrapKeys') {
        await appender.append(
          { type: 'RecordDestroyed', extents: [extent] },
          { project: 'p', ...asking },
        )
      }
      return await appender.append(command, ...asked)
    },
  }
  const { rotate } = await start(opened, store, slow)
  t.match(await rotate(), { state: 'done' })
  t.same(await opened.wrapped(), [])
})

t.test('the log takes no key under a master key that is being retired', async (t) => {
  const opened = await startLog(t)
  const store = keyStore()
  const { ring } = await start(opened, store)
  await addKey(opened, ring)
  const former = await start(opened, store)
  const { rotate } = await start(opened, store)
  t.match(await rotate(), { state: 'done', rewrapped: 1 })
  await t.rejects(addKey(opened, former.ring), { code: 'internal_error' })
  t.equal((await opened.wrapped()).length, 1)
})

t.test('where nothing is sealed, there is nothing to rotate', async (t) => {
  const { log, appender } = await startLog(t)
  const rotation = createMasterKeyRotation(
    { log, logger, ids, keys: undefined },
    appender,
    { store: keyStore(), takeTurn: () => ({ release() {} }) },
  )
  await t.rejects(rotation.begin(asking), {
    code: 'master_key_missing',
    message: 'There is no master key to rotate: nothing is sealed here.',
  })
  await rotation.resume()
  t.equal(rotation.view().state, 'none')
})
