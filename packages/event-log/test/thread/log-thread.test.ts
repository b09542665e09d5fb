import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { asker, testId, toyRequest } from '../../../testkit/src/event-log/asker.ts'
import { toyModule } from '../../../testkit/src/event-log/toy-log-module.ts'
import { toyProjection } from '../../../testkit/src/event-log/toy-projection.ts'
import { openSqliteEventLog, type SqliteEventLogOptions } from '../../src/index.ts'

async function open(t: Test, options: Partial<SqliteEventLogOptions> = {}) {
  const lost: Error[] = []
  const log = await openSqliteEventLog({
    path: join(t.testdir({}), 'custody.db'),
    driver: 'node',
    module: toyModule(),
    projections: [toyProjection(1)],
    genesis: toyRequest({ type: 'Start' }, { eventId: testId(0) }),
    onDefect: () => {},
    onLost: (error) => lost.push(error),
    ...options,
  })
  t.teardown(() => log.close())
  return { log, lost }
}

t.test('when the thread is gone, all that waits is told, and what comes', async (t) => {
  const { log, lost } = await open(t)
  const ask = asker(log)
  await ask({ type: 'Note', texts: ['durable'] })
  const waiting: Promise<unknown>[] = [
    ask({ type: 'Note', texts: ['x'] }),
    ask({ type: 'Break', how: 'exit', account: 'a' }),
  ]
  await setImmediate()
  waiting.push(log.consumers.create('mail', 0))
  const outcomes = await Promise.allSettled(waiting)
  const later = [ask({ type: 'Nothing' }), log.forgetIdempotency()]
  for (const outcome of [...outcomes, ...(await Promise.allSettled(later))]) {
    t.match(outcome, { reason: { key: 'internal_error', message: /has ended/ } })
  }
  t.match(lost, [{ message: /has ended/ }])
  t.equal(lost.length, 1, 'once')
  t.equal(log.waiting, 0)
  t.equal((await log.reader.head()).position, 2, 'reading goes on')
})

t.test('a thread that ends while the log is closed leaves nobody waiting', async (t) => {
  const { log, lost } = await open(t)
  const asked = asker(log)({ type: 'Break', how: 'exit', account: 'a' })
  const closed = log.close()
  await t.rejects(asked, { message: /has ended/ })
  await closed
  t.same(lost, [])
})

t.test('a module that does not load is an error of the opening', async (t) => {
  const module = new URL('./not-there.ts', import.meta.url)
  const lost: Error[] = []
  const opened = open(t, { module, onLost: (error) => lost.push(error) })
  await t.rejects(opened, { message: /not-there\.ts/ })
  t.same(lost, [])
})

t.test('a first command that is refused is an error of the opening', async (t) => {
  const genesis = toyRequest({ type: 'Move', account: 'a', amount: 1 })
  await t.rejects(open(t, { genesis }), { message: 'There is no account a.' })
})

t.test('salts are random unless a seed is given', async (t) => {
  const commitments = async (seed?: string) => {
    const { log } = await open(t, {
      path: join(t.testdir({}), 'custody.db'),
      ...(seed !== undefined && { seed }),
    })
    await asker(log)({ type: 'Open', account: 'a', owner: 'Ada' })
    const [event] = await log.reader.read({ from: 1 })
    await log.close()
    return event?.record.commit.personal
  }
  const first = await commitments()
  t.type(first, 'string')
  t.not(await commitments(), first)
  t.equal(await commitments('seed'), await commitments('seed'))
})
