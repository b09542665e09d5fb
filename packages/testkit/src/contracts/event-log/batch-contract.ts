import type { Test } from 'tap'
import { asker, toyRequest } from '../../event-log/asker.ts'
import { logProblems } from '../../event-log/log-problems.ts'
import type { CreateLogStore } from '../../event-log/log-store.ts'
import { readAttachments, readIndex, readLog } from '../../event-log/read-log.ts'
import type { Breakage } from '../../event-log/toy-commands.ts'

/** Commands that are handed in at the same moment share a transaction; that must not show. */
export function batchContract(t: Test, createStore: CreateLogStore): void {
  t.test('what is handed in at once is one batch, in that order', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    const asked = await Promise.all([
      ask({ type: 'Open', account: 'a', owner: 'Ada' }),
      ask({ type: 'Open', account: 'b', owner: 'Bob' }),
      ask({ type: 'Move', account: 'a', amount: 9 }),
      ask({ type: 'Transfer', from: 'a', to: 'b', amount: 4 }),
      ask({ type: 'Forget', account: 'a' }),
    ])
    const positions = asked.flatMap(({ events }) =>
      events.map(({ position }) => position),
    )
    t.same(positions, [2, 3, 4, 5, 6, 7])
    t.match(await readIndex(log.reader), {
      accounts: [
        { id: 'a', version: 4, balance: 5, owner: null },
        { id: 'b', version: 2, balance: 4, owner: 'Bob' },
      ],
    })
    const { batches } = await readLog(log.reader)
    t.same(
      batches.map((batch) => batch.position),
      [1, 7],
    )
    t.same(await logProblems(log.reader, { erased: ['2 personal'] }), [])
  })

  t.test('a refused command leaves its neighbours alone', async (t) => {
    const store = await createStore(t)
    const defects: string[] = []
    const log = await store.open({ defects })
    const ask = asker(log)
    const outcomes = await Promise.allSettled([
      ask({ type: 'Open', account: 'a', owner: 'Ada' }),
      ask({ type: 'Move', account: 'a', amount: 3 }),
      ask({ type: 'Move', account: 'a', amount: -4 }),
      ask({ type: 'Open', account: 'a', owner: 'Eve' }),
      ask({ type: 'Move', account: 'nobody', amount: 1 }),
      ask({ type: 'Move', account: 'a', amount: -3 }),
    ])
    t.same(
      outcomes.map((one) =>
        one.status === 'fulfilled' ? one.value.events[0]?.position : one.reason.message,
      ),
      [2, 3, 'Account a has too little.', 'Account a is open.']
        .concat(['There is no account nobody.'])
        .concat([4]),
    )
    t.equal((await log.reader.head()).position, 4)
    t.same(await logProblems(log.reader), [])
    t.same(defects, [], 'a refusal is no defect')
  })

  const breakages: readonly [Breakage, RegExp][] = [
    ['throw', /toy is broken/],
    ['schema', /does not match its schema/],
    ['second schema', /does not match its schema/],
    ['old version', /version 1 of stream old version, which is at 2/],
    ['new version', /version 3 of stream new version, which is at 2/],
    ['begun', /UNIQUE|duplicate key/],
  ]
  t.test('a command that goes wrong fails alone', async (t) => {
    const store = await createStore(t)
    const defects: string[] = []
    const log = await store.open({ defects })
    const ask = asker(log)
    for (const [how, reason] of breakages) {
      await ask({ type: 'Open', account: how, owner: 'Ada' })
      await ask({ type: 'Move', account: how, amount: 1 })
      const { position } = await log.reader.head()
      const attachments = [new Uint8Array([7])]
      const [before, broken, after] = await Promise.allSettled([
        ask({ type: 'Open', account: `beside ${how}`, owner: 'Bob' }),
        ask({ type: 'Break', how, account: how }, { attachments }),
        ask({ type: 'Attach', name: `beside ${how}` }, { attachments }),
      ])
      t.match(before, { value: { events: [{ position: position + 1 }] } }, how)
      t.match(broken, { reason: { code: 'internal_error', message: /^The server had/ } })
      t.match(after, { value: { events: [{ position: position + 2 }] } })
      t.match(defects.splice(0), [reason], 'reported once')
    }
    const kept = Object.keys(await readAttachments(log.reader))
    t.same(kept, breakages.map(([how]) => `beside ${how} 0`).sort(), 'nothing is left')
    t.same(await logProblems(log.reader), [])
    t.equal((await store.replay()).difference, undefined)
  })

  t.test('an unknown command, and an id that was used, fail alone', async (t) => {
    const store = await createStore(t)
    const defects: string[] = []
    const log = await store.open({ defects })
    const request = toyRequest({ type: 'Nothing' })
    const ask = asker(log)
    const first = await ask({ type: 'Note', texts: ['x'] })
    const [used] = await log.reader.read({ from: 1 })
    const outcomes = await Promise.allSettled([
      log.append({ ...request, command: { type: 'Fly' } }),
      ask({ type: 'Note', texts: ['y'] }, { eventId: used?.record.id ?? '' }),
      ask({ type: 'Note', texts: ['z'] }),
    ])
    t.match(first, { events: [{ position: 2 }] })
    t.match(outcomes, [
      { reason: { code: 'internal_error' } },
      { reason: { code: 'internal_error' } },
      { value: { events: [{ position: 3 }] } },
    ])
    t.match(defects, [/Unknown command 'Fly'/, /UNIQUE|duplicate key/])
    t.same(await logProblems(log.reader), [])
  })

  t.test('more than a batch holds goes into several', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    const notes = Array.from({ length: 600 }, () => ask({ type: 'Note', texts: ['x'] }))
    await Promise.all(notes)
    const { batches } = await readLog(log.reader)
    const sizes = batches.map(
      ({ position }, n) => position - (batches[n - 1]?.position ?? 0),
    )
    t.ok(Math.max(...sizes) <= 256, `batches of ${sizes}`)
    t.same(await logProblems(log.reader), [])
  })
}
