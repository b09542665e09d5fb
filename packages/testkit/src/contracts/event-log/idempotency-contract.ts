import { type EventLog, findKeptAnswer } from '@custody/event-log'
import type { Test } from 'tap'
import { asker } from '../../event-log/asker.ts'
import type { CreateLogStore } from '../../event-log/log-store.ts'
import { testClock } from '../../event-log/test-clock.ts'

const HOUR = 3_600_000_000

/** Asks under an idempotency key that is remembered for an hour. */
function askerWithKeys(log: EventLog) {
  const ask = asker(log)
  return (key: string, fingerprint: string, text = 'x') =>
    ask(
      { type: 'Note', texts: [text] },
      { idempotency: { key, fingerprint, keepSeconds: 3_600 } },
    )
}

/** The same request twice is done once. */
export async function idempotencyContract(
  t: Test,
  createStore: CreateLogStore,
): Promise<void> {
  const store = await createStore(t)
  const clock = testClock()
  const defects: string[] = []
  const log = await store.open({ clock, defects })
  const ask = askerWithKeys(log)
  const position = async () => (await log.reader.head()).position

  t.test('a key that was used gives the first answer again', async (t) => {
    const first = await ask('used', 'f')
    const head = await position()
    t.same(await ask('used', 'f', 'another text'), { ...first, replayed: true })
    t.equal(await position(), head)
    t.match(await ask('used 2', 'f'), {
      replayed: false,
      events: [{ position: head + 1 }],
    })
  })

  t.test('a key of another request is refused', async (t) => {
    await ask('another', 'f')
    await t.rejects(ask('another', 'g'), { code: 'idempotency_key_reused' })
    t.match(await ask('another', 'f'), { replayed: true })
    t.same(defects, [])
  })

  t.test(
    'of a request whose event was erased nothing is kept but that its key was used',
    async (t) => {
      const idempotency = { key: 'opening', fingerprint: 'f', keepSeconds: 3_600 }
      const plain = asker(log)
      await ask('before', 'f')
      await plain({ type: 'Open', account: 'gone', owner: 'O' }, { idempotency })
      await ask('after', 'f')
      await plain({ type: 'Forget', account: 'gone' })
      for (const key of ['before', 'after']) {
        t.match(await ask(key, 'f'), { replayed: true })
      }
      for (const fingerprint of ['f', 'another']) {
        t.match(await ask('opening', fingerprint), {
          replayed: true,
          events: [{ type: 'AccountOpened' }],
        })
      }
      const { sql } = log.reader
      const kept = (key: string, now = clock.now) => findKeptAnswer(sql, key, now)
      t.match(await kept('before'), { fingerprint: 'f' })
      t.match(await kept('opening'), { fingerprint: undefined })
      const later = await kept('opening', clock.now + 2 * HOUR)
      t.equal(later, undefined, 'nor that, when its time has passed')
    },
  )

  t.test('both hold within one batch', async (t) => {
    const head = await position()
    const [first, same, other, neighbour] = await Promise.allSettled([
      ask('both', 'f'),
      ask('both', 'f'),
      ask('both', 'g'),
      ask('both 2', 'f'),
    ])
    t.match(first, { value: { replayed: false, events: [{ position: head + 1 }] } })
    t.match(same, { value: { replayed: true, events: [{ position: head + 1 }] } })
    t.match(other, { reason: { key: 'idempotency_key_reused' } })
    t.match(neighbour, { value: { replayed: false, events: [{ position: head + 2 }] } })
    t.equal(await position(), head + 2)
  })

  t.test('a key outlives the process', async (t) => {
    const store = await createStore(t)
    const clock = testClock()
    const before = await store.open({ clock })
    await askerWithKeys(before)('k', 'f')
    await before.close()
    const log = await store.open({ clock })
    t.match(await askerWithKeys(log)('k', 'f'), { replayed: true })
  })

  t.test('a success without events is remembered too', async (t) => {
    const idempotency = { key: 'nothing', fingerprint: 'f', keepSeconds: 60 }
    const nothing = () => asker(log)({ type: 'Nothing' }, { idempotency })
    t.same(await nothing(), { events: [], replayed: false })
    t.same(await nothing(), { events: [], replayed: true })
  })

  t.test('a refusal is not remembered', async (t) => {
    const idempotency = { key: 'refusal', fingerprint: 'f', keepSeconds: 60 }
    const move = () =>
      asker(log)({ type: 'Move', account: 'a', amount: 1 }, { idempotency })
    await t.rejects(move(), { message: /no account/ })
    await asker(log)({ type: 'Open', account: 'a', owner: 'Ada' })
    t.match(await move(), { replayed: false, events: [{ version: 2 }] })
  })

  t.test('a key is free again when its time has passed', async (t) => {
    clock.now += HOUR
    await ask('free', 'f')
    clock.now += HOUR - 1
    t.match(
      await ask('free', 'f'),
      { replayed: true },
      'the last microsecond of the hour',
    )
    clock.now += 1
    t.match(await ask('free', 'g'), { replayed: false })
    clock.now += HOUR - 1
    t.match(await ask('free', 'g'), { replayed: true }, 'an hour from the second use')
  })

  t.test('what is past its time is forgotten on demand', async (t) => {
    clock.now += 2 * HOUR
    await log.forgetIdempotency()
    await Promise.all([ask('a', 'f'), ask('b', 'f')])
    clock.now += HOUR / 2
    await ask('c', 'f')
    t.equal(await log.forgetIdempotency(), 0)
    clock.now += HOUR / 2 + 2
    t.equal(await log.forgetIdempotency(), 2)
    t.equal(await log.forgetIdempotency(), 0)
    t.match(await ask('c', 'f'), { replayed: true })
    t.match(await ask('a', 'f'), { replayed: false })
  })
}
