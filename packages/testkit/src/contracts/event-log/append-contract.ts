import { formatTime } from '@custody/event-log'
import type { Test } from 'tap'
import { asker } from '../../event-log/asker.ts'
import { logProblems } from '../../event-log/log-problems.ts'
import type { CreateLogStore } from '../../event-log/log-store.ts'
import { readAttachments, readLog } from '../../event-log/read-log.ts'
import { testClock } from '../../event-log/test-clock.ts'

const MiB = 1024 * 1024

/** One command after the other, and many at once. */
export function appendContract(t: Test, createStore: CreateLogStore): void {
  const openShared = async () => {
    const defects: string[] = []
    const log = await (await createStore(t)).open({ defects })
    return { log, defects }
  }
  const shared = openShared()

  t.test('a new log begins with its own event, and only once', async (t) => {
    const store = await createStore(t)
    const first = await store.open()
    t.match(await first.reader.head(), { position: 1, projections: { accounts: 'v1' } })
    await first.close()
    const again = await store.open()
    const [event, ...others] = await again.reader.read()
    t.match(event, { record: { type: 'LogStarted', position: 1, version: 1 } })
    t.same(others, [])
  })

  t.test('a log that is opened again goes on where it ended', async (t) => {
    const store = await createStore(t)
    const clock = testClock()
    const first = await store.open({ clock })
    await asker(first)({ type: 'Open', account: 'a', owner: 'Ada' })
    await first.close()
    const again = await store.open({ clock })
    const { events } = await asker(again)({ type: 'Move', account: 'a', amount: 1 })
    t.match(events, [{ position: 3, seq: 2, stream: 'a', version: 2 }])
    t.same(await logProblems(again.reader), [])
  })

  t.test('the answer says where the events came to stand', async (t) => {
    const store = await createStore(t)
    const clock = testClock()
    const log = await store.open({ clock })
    const ask = asker(log)
    await ask({ type: 'Open', account: 'a', owner: 'Ada' })
    await ask({ type: 'Open', account: 'b', owner: 'Bob' })
    await ask({ type: 'Move', account: 'a', amount: 5 })
    clock.now += 1_000_000
    const result = await ask({ type: 'Transfer', from: 'a', to: 'b', amount: 2 })
    const type = 'AmountMoved'
    t.same(result, {
      replayed: false,
      events: [
        { position: 5, seq: 4, stream: 'a', version: 3, type, time: clock.now },
        { position: 6, seq: 5, stream: 'b', version: 2, type, time: clock.now + 1 },
      ],
    })
  })

  t.test('no number has a gap under 64 appenders at once', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    await ask({ type: 'Open', account: 'shared', owner: 'All' })
    const appender = async (_: unknown, n: number) => {
      const project = n % 2 === 0 ? 'north' : 'south'
      const account = `account ${n}`
      await ask({ type: 'Open', account, owner: `Owner ${n}` }, { project })
      for (let round = 0; round < 4; round += 1) {
        await Promise.all([
          ask({ type: 'Move', account, amount: 1 }, { project }),
          ask({ type: 'Move', account: 'shared', amount: 1 }, { project }),
          ask({ type: 'Note', texts: ['one', 'two'] }, { project: 'west' }),
        ])
      }
    }
    await Promise.all(Array.from({ length: 64 }, appender))
    const { position } = await log.reader.head()
    t.equal(position, 2 + 64 * (1 + 4 * 4))
    t.same(await logProblems(log.reader), [])
    t.match(await store.replay(), { events: position, difference: undefined })
  })

  t.test('time goes on while the clock stands still or jumps back', async (t) => {
    const store = await createStore(t)
    const clock = testClock()
    const log = await store.open({ clock })
    const ask = asker(log)
    const start = clock.now
    const times: number[] = []
    const noteThree = async () => {
      const notes = Array.from({ length: 3 }, () => ask({ type: 'Note', texts: ['x'] }))
      for (const { events } of await Promise.all(notes)) {
        for (const { time } of events) times.push(time - start)
      }
    }
    await noteThree()
    clock.now -= 3_600_000_000
    await noteThree()
    clock.now = start + 1_000_000
    await noteThree()
    t.same(times, [1, 2, 3, 4, 5, 6, 1_000_000, 1_000_001, 1_000_002])
    const last = (await log.reader.read({ direction: 'backward', limit: 1 })).at(0)
    t.equal(last?.record.time, formatTime(start + 1_000_002))
  })

  t.test('a record says who asked, for whom, and what led to it', async (t) => {
    const { log } = await shared
    const said = { actor: 'key:"k"\u0000é', request: 'req_\n' }
    await asker(log)(
      { type: 'Note', texts: ['x'] },
      { ...said, onBehalfOf: 'user:\u2028', causation: 'event 1' },
    )
    const [event] = await log.reader.read({ direction: 'backward', limit: 1 })
    t.match(event?.record, { ...said, on_behalf_of: 'user:\u2028', causation: 'event 1' })
    t.same(await logProblems(log.reader), [])
  })

  t.test('an upload sees its attachments, and they are kept with it', async (t) => {
    const { log } = await shared
    const ask = asker(log)
    const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill)
    const attachments = [
      [bytes(3, 1), bytes(0, 0)],
      [],
      [bytes(70_000, 2)],
      [bytes(1, 3), bytes(2, 4)],
    ]
    await Promise.all(
      attachments.map((list, n) =>
        ask({ type: 'Attach', name: `a${n}` }, { attachments: list }),
      ),
    )
    t.same(await readAttachments(log.reader), {
      'a0 0': '010101',
      'a0 1': '',
      'a2 0': '02'.repeat(70_000),
      'a3 0': '03',
      'a3 1': '0404',
    })
  })

  t.test('a command that leads to nothing leaves nothing behind', async (t) => {
    const { log } = await shared
    const before = await readLog(log.reader)
    t.same(await asker(log)({ type: 'Nothing' }), { events: [], replayed: false })
    t.same(await readLog(log.reader), before)
  })

  t.test('a record may have 65,535 bytes, and none more', async (t) => {
    const { log, defects } = await shared
    const ask = asker(log)
    const noteOf = (length: number) =>
      ask(
        { type: 'Note', texts: ['é'.repeat(length >> 1) + 'e'.repeat(length % 2)] },
        { request: 'req_same' },
      )
    await noteOf(0)
    const [empty] = (await readLog(log.reader)).events.slice(-1)
    const room = 65_535 - Buffer.byteLength(empty?.record ?? '')
    await noteOf(room)
    const [full] = (await readLog(log.reader)).events.slice(-1)
    t.equal(Buffer.byteLength(full?.record ?? ''), 65_535)
    await t.rejects(noteOf(room + 1), { code: 'internal_error' })
    t.match(defects, [/65536 bytes/])
    t.same(await logProblems(log.reader), [])
  })

  t.test('a queue of 4,096 commands is full', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    const asked = Array.from({ length: 4_096 }, () => ask({ type: 'Nothing' }))
    t.equal(log.waiting, 4_096)
    await t.rejects(ask({ type: 'Nothing' }), {
      code: 'overloaded',
      headers: { 'retry-after': '1' },
    })
    await Promise.all(asked)
    t.equal(log.waiting, 0)
    t.match(await ask({ type: 'Note', texts: ['x'] }), { events: [{ position: 2 }] })
  })

  t.test('a queue of 64 MiB is full', async (t) => {
    const { log } = await shared
    const ask = asker(log)
    const attachments = [new Uint8Array(32 * MiB)]
    const asked = [1, 2].map(() => ask({ type: 'Nothing' }, { attachments }))
    const one = { attachments: [new Uint8Array(1)] }
    await t.rejects(ask({ type: 'Nothing' }, one), { code: 'overloaded' })
    await Promise.all(asked)
    t.match(await ask({ type: 'Attach', name: 'x' }, one), {
      events: [{ type: 'Noted' }],
    })
  })

  t.test('closing finishes what was handed in, and takes no more', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    const asked = Array.from({ length: 300 }, (_, n) =>
      ask({ type: 'Note', texts: [`${n}`] }),
    )
    const closed = log.close()
    await t.rejects(ask({ type: 'Nothing' }), { code: 'overloaded' })
    await t.rejects(log.forgetIdempotency(), { code: 'overloaded' })
    await closed
    await log.close()
    t.equal((await Promise.all(asked)).at(-1)?.events[0]?.position, 301)
    const reader = await store.openReader()
    t.equal((await reader.head()).position, 301)
  })
}
