import { createServer as createTcpServer } from 'node:net'
import t from 'tap'
import { deliveriesOf, startBoth } from './start-both.ts'
import { startReceiver } from './start-receiver.ts'
import { by } from './start-webhooks.ts'

const HOUR = 3600

t.test(
  'an event that fails is tried again, later each time, and others wait',
  async (t) => {
    const both = await startBoth(t)
    const { receiver, deliver, pass, id } = both
    receiver.answer(500, 404, 301, 429, 204)
    const first = await both.upload()
    const second = await both.upload()
    for (const [index, middle] of [5, 10, 20, 40].entries()) {
      const wait = await deliver(id)
      t.ok(wait && wait >= middle * 0.75 && wait <= middle * 1.25, `${wait} s`)
      t.equal(receiver.received.length, index + 1)
      t.match((await both.useCases.get(both.north, id)).failures, index + 1)
      pass((wait ?? 0) - 0.5)
      t.ok(await deliver(id), 'not before its time')
      t.equal(receiver.received.length, index + 1)
      pass(1)
    }
    t.match(await deliveriesOf(both, id), [
      { status: 'retrying', attempts: 4, statusCode: 429, error: 'status' },
    ])
    t.equal(await deliver(id), undefined)
    t.same(
      receiver.received.map(({ json }) => json.subject),
      [...Array(5).fill(first), second],
    )
    const ids = new Set(receiver.received.slice(0, 5).map(({ json }) => json.id))
    t.equal(ids.size, 1, 'with the same id')
    t.match(await deliveriesOf(both, id), [
      { status: 'delivered', attempts: 1 },
      { status: 'delivered', attempts: 5, error: null },
    ])
  },
)

t.test('a receiver says when it wants to be asked again', async (t) => {
  const { receiver, deliver, upload, pass, id } = await startBoth(t)
  receiver.answer((response) => response.writeHead(503, { 'retry-after': '120' }).end())
  await upload()
  t.equal(await deliver(id), 120)
  pass(120)
  receiver.answer((response) =>
    response.writeHead(503, { 'retry-after': '999999' }).end(),
  )
  t.equal(await deliver(id), HOUR, 'but not later than in an hour')
})

t.test('a receiver that hangs, resets or is not there has failed', async (t) => {
  // Long enough that what fails at once is not late, however busy the machine is.
  const both = await startBoth(t, { attemptMs: 1_500 })
  const { receiver, deliver, pass, id } = both
  await both.upload()
  const failWith = async (error: string) => {
    const wait = await deliver(id)
    t.match(await deliveriesOf(both, id), [
      { status: 'retrying', statusCode: null, error },
    ])
    pass(wait ?? 0)
  }
  receiver.answer(() => {})
  await failWith('timeout')
  receiver.answer((_response, request) => request.socket.destroy())
  await failWith('connection_reset')
  receiver.answer((_response, request) => request.socket.end('SSH-2.0-OpenSSH\r\n\r\n'))
  await failWith('invalid_answer')

  const free = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => free.once('listening', resolve))
  const address = free.address()
  const port = typeof address === 'object' ? address?.port : 0
  await new Promise((resolve) => free.close(resolve))
  await both.useCases.update(both.north, id, { url: `http://127.0.0.1:${port}/` }, by)
  await failWith('connection_refused')

  receiver.answer(204)
  await both.useCases.update(both.north, id, { url: receiver.url }, by)
  t.equal(await deliver(id), undefined)
  t.match(await deliveriesOf(both, id), [{ status: 'delivered' }])
})

t.test('an answer that has no end is an answer', async (t) => {
  const both = await startBoth(t, { attemptMs: 5_000 })
  let written = 0
  both.receiver.answer((response) => {
    response.writeHead(200)
    const more = () => {
      if (response.destroyed) return
      written += 16_384
      response.write(Buffer.alloc(16_384), () => setImmediate(more))
    }
    more()
  })
  await both.upload()
  t.equal(await both.deliver(both.id), undefined)
  t.match(await deliveriesOf(both, both.id), [{ status: 'delivered', statusCode: 200 }])
  t.ok(written < 64 * 2 ** 20, 'of which little is read')
})

t.test('a redirect is not followed', async (t) => {
  const trap = await startReceiver(t)
  const both = await startBoth(t)
  both.receiver.answer((response) =>
    response.writeHead(307, { location: trap.url }).end(),
  )
  await both.upload()
  t.ok(await both.deliver(both.id))
  t.equal(trap.received.length, 0)
  t.match(await deliveriesOf(both, both.id), [{ status: 'retrying', statusCode: 307 }])
})

t.test(
  'after a day of failures a webhook is disabled, and goes on when enabled',
  async (t) => {
    const both = await startBoth(t)
    const { receiver, deliver, pass, id, useCases, north } = both
    receiver.answer(500)
    const file = await both.upload()
    await both.upload()
    let hours = 0
    for (let wait = await deliver(id); wait !== undefined; wait = await deliver(id)) {
      pass(wait)
      hours += wait / HOUR
    }
    t.ok(hours > 23.99 && hours < 24.01, `${hours} hours`)
    t.ok(receiver.received.length > 20 && receiver.received.length < 60)
    t.same(new Set(receiver.received.map(({ json }) => json.subject)), new Set([file]))
    t.match(await useCases.get(north, id), {
      disabledReason: 'failing',
      disabledAt: Number,
      nextAttemptAt: null,
    })
    t.match(await deliveriesOf(both, id), [{ status: 'failed', nextAttemptAt: null }])
    const [last] = await both.log.reader.read({ direction: 'backward', limit: 1 })
    t.match(last?.record, {
      type: 'WebhookDisabled',
      project: 'north',
      actor: 'system',
      data: { reason: 'failing' },
    })
    const consumer = await both.log.reader.consumer(`webhook:${id}`)
    t.match(consumer, { status: 'stopped', error: 'status' })

    receiver.answer(204)
    await both.upload()
    t.equal(await deliver(id), undefined)
    const tried = receiver.received.length
    await useCases.update(north, id, { enabled: true }, by)
    t.equal(await deliver(id), undefined)
    const subjects = receiver.received.slice(tried).map(({ json }) => json.subject)
    t.equal(subjects.length, 5, 'three files, and what happened to the webhook')
    t.equal(subjects[0], file, 'nothing was passed over')
  },
)

t.test('a failure after a day does not count the time before', async (t) => {
  const both = await startBoth(t)
  both.receiver.answer(500, 204)
  await both.upload()
  both.pass((await both.deliver(both.id)) ?? 0)
  t.equal(await both.deliver(both.id), undefined)
  both.pass(30 * HOUR)
  both.receiver.answer(500)
  await both.upload()
  t.ok(((await both.deliver(both.id)) ?? 99) < 10)
})

t.test('a receiver that is gone is not asked again', async (t) => {
  const both = await startBoth(t)
  both.receiver.answer(410)
  await both.upload()
  t.equal(await both.deliver(both.id), undefined)
  t.match(await both.useCases.get(both.north, both.id), { disabledReason: 'gone' })
})
