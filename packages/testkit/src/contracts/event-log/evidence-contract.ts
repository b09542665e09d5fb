import { createHash } from 'node:crypto'
import { frontierRoot } from '@custody/transparency'
import type { Test } from 'tap'
import { asker } from '../../event-log/asker.ts'
import { logProblems } from '../../event-log/log-problems.ts'
import type { CreateLogStore } from '../../event-log/log-store.ts'
import { readLog } from '../../event-log/read-log.ts'
import { runHistory } from '../../event-log/run-history.ts'
import { testClock } from '../../event-log/test-clock.ts'

/** Root and all records of {@link runHistory}: the same on every engine, in every version. */
const HISTORY = {
  root: '5e70b6b38eb96651aff28489f29251b6e4de01497d116a692d13ee572ff2e5a6',
  records: 'eca32205240f1a76780c9d39cec8f74194dc3df7e9793d83a5c6b284d131af88',
}

/** Records, hashes, commitments, frontiers and tiles, held against a plain implementation of their own. */
export function evidenceContract(t: Test, createStore: CreateLogStore): void {
  t.test('hashes and tiles are right where a tile fills up', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    const note = (count: number) =>
      ask({ type: 'Note', texts: Array.from({ length: count }, (_, n) => `note ${n}`) })
    // 1 event is there. Ends of batches: 255, 256, 257, 511, 513, then far beyond.
    for (const count of [254, 1, 1, 254, 2]) await note(count)
    t.same(await logProblems(log.reader), [])
    await note(1_000)
    t.equal((await log.reader.head()).position, 1_513)
    t.same(await logProblems(log.reader), [])
    const { tiles } = await readLog(log.reader)
    t.same(
      tiles.map(({ level, idx, hashes }) => [level, idx, hashes.length / 32]),
      [
        [0, 0, 256],
        [0, 1, 256],
        [0, 2, 256],
        [0, 3, 256],
        [0, 4, 256],
        [1, 0, 5],
      ],
    )
  })

  t.test('erasing a private group removes its row and nothing else', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    await ask({ type: 'Open', account: 'a', owner: 'Ada', secret: 's' })
    await ask({ type: 'Open', account: 'b', owner: 'Bob', secret: 's' })
    const [first, second] = await log.reader.read({ from: 1 })
    t.not(first?.record.commit.content, second?.record.commit.content, 'salted')
    const before = await readLog(log.reader)
    await ask({ type: 'Forget', account: 'a' })
    const after = await readLog(log.reader)
    t.same(after.events.slice(0, 3), before.events)
    t.same(
      before.privates.map(({ position, grp }) => `${position} ${grp}`),
      ['2 content', '2 personal', '3 content', '3 personal'],
    )
    t.same(
      after.privates,
      before.privates.filter(({ position, grp }) => position !== 2 || grp !== 'personal'),
    )
    t.same(await logProblems(log.reader, { erased: ['2 personal'] }), [])
    t.equal((await store.replay()).difference, undefined)
  })

  t.test('what is erased in the batch that wrote it never was there', async (t) => {
    const store = await createStore(t)
    const log = await store.open()
    const ask = asker(log)
    await Promise.all([
      ask({ type: 'Open', account: 'a', owner: 'Ada' }),
      ask({ type: 'Forget', account: 'a' }),
    ])
    t.same((await readLog(log.reader)).privates, [])
    t.same(await logProblems(log.reader, { erased: ['2 personal'] }), [])
    t.equal((await store.replay()).difference, undefined)
  })

  t.test(
    'the same history gives the same records and root on every engine',
    async (t) => {
      const store = await createStore(t)
      const log = await store.open({ clock: testClock(), seed: 'salt' })
      await runHistory(log)
      const { events } = await readLog(log.reader)
      const hash = createHash('sha256')
      for (const { record } of events) hash.update(record).update('\n')
      const { frontier } = await log.reader.head()
      t.same(
        { root: frontierRoot(frontier).toString('hex'), records: hash.digest('hex') },
        HISTORY,
      )
      t.same(await logProblems(log.reader, { erased: ['2 personal'] }), [])
    },
  )
}
