import type { Test } from 'tap'
import type { CreateLogStore } from '../../event-log/log-store.ts'

/** Names and positions of the log's durable readers. */
export async function consumerContract(
  t: Test,
  createStore: CreateLogStore,
): Promise<void> {
  const store = await createStore(t)
  const log = await store.open()

  t.test('a consumer begins where it was created, and only once', async (t) => {
    await log.consumers.create('mail', 7)
    await log.consumers.create('mail', 9)
    t.same(await log.reader.consumer('mail'), {
      name: 'mail',
      position: 7,
      status: 'running',
      attempts: 0,
      next_attempt_at: '',
      error: '',
    })
    t.equal(await log.reader.consumer('post'), undefined)
  })

  t.test('of two that save from the same position, one does', async (t) => {
    await log.consumers.create('race', 0)
    const base = await log.reader.consumer('race')
    if (!base) throw new TypeError('It was created')
    const saves = [1, 2, 3].map((position) =>
      log.consumers.save({ ...base, position }, 0),
    )
    t.same((await Promise.all(saves)).filter(Boolean), [true])
  })

  t.test('consumers are listed by name', async (t) => {
    for (const name of ['b', 'c', 'a']) await log.consumers.create(name, 0)
    t.same(
      (await log.reader.consumers()).map(({ name }) => name),
      ['a', 'b', 'c', 'mail', 'race'],
    )
  })

  t.test('a consumer is saved only where it stands', async (t) => {
    await log.consumers.create('sent', 1)
    const state = {
      name: 'sent',
      position: 5,
      status: 'stopped',
      attempts: 3,
      next_attempt_at: '2026-01-01T00:00:00.000000Z',
      error: 'no',
    } as const
    t.equal(await log.consumers.save(state, 2), false)
    t.match(await log.reader.consumer('sent'), { position: 1, status: 'running' })
    t.equal(await log.consumers.save(state, 1), true)
    t.same(await log.reader.consumer('sent'), state)
    t.equal(await log.consumers.save(state, 1), false, 'it has moved')
    t.equal(await log.consumers.save({ ...state, name: 'post' }, 1), false, 'unknown')
    await log.close()
    const again = await store.open()
    t.same(await again.reader.consumer('sent'), state, 'it outlives the process')
  })
}
