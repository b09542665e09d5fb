import t from 'tap'
import { asker } from '../../../../testkit/src/event-log/asker.ts'
import { sqliteLogStore } from '../../fixtures/sqlite-log-store.ts'

t.test('a writer stops for good when a newer one has written', async (t) => {
  const store = sqliteLogStore(t, 'node')
  const log = await store.open()
  const ask = asker(log)
  await ask({ type: 'Note', texts: ['before'] })
  await store.tamper(
    'insert into log_batches select position + 1, frontier, time, 2, projections, chain from log_batches where position = 2',
  )
  const outcomes = await Promise.allSettled([
    ask({ type: 'Note', texts: ['x'] }),
    ask({ type: 'Note', texts: ['y'] }),
    log.reader.head(),
    store.open(),
    store.openReader(),
  ])
  for (const outcome of outcomes) {
    t.match(outcome, {
      reason: { key: 'log_fenced', message: /form 2; this version writes 1/ },
    })
  }
  t.equal((await log.reader.read()).length, 2, 'nothing was written')
})
