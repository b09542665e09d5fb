import t from 'tap'
import { asker } from '../../../testkit/src/event-log/asker.ts'
import { logProblems } from '../../../testkit/src/event-log/log-problems.ts'
import { readLog } from '../../../testkit/src/event-log/read-log.ts'
import { sqliteLogStore } from '../fixtures/sqlite-log-store.ts'

t.test('tiles of all levels are right beyond 65,536 events', async (t) => {
  const store = sqliteLogStore(t, 'node')
  const log = await store.open()
  const ask = asker(log)
  const note = (count: number) =>
    ask({ type: 'Note', texts: new Array<string>(count).fill('x') })
  // 1 event is there: the first batches end right before, at and after the end of tile 1/0.
  for (let n = 0; n < 8; n += 1) await note(8_191)
  for (const count of [6, 1, 1, 600]) await note(count)
  t.equal((await log.reader.head()).position, 66_137)
  const { tiles } = await readLog(log.reader)
  const above = tiles.filter(({ level }) => level > 0)
  t.same(
    above.map(({ level, idx, hashes }) => [level, idx, hashes.length / 32]),
    [
      [1, 0, 256],
      [1, 1, 2],
      [2, 0, 1],
    ],
  )
  t.equal(tiles.length, above.length + 258)
  t.same(await logProblems(log.reader), [])
})
