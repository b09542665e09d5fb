import t from 'tap'
import { deliveriesOf, startBoth } from './start-both.ts'
import { isSignedWith, startReceiver } from './start-receiver.ts'
import { by, startWebhooks } from './start-webhooks.ts'

t.test('events are delivered in order, each signed and once', async (t) => {
  const { receiver, secret, id, upload, remove, deliver, now, ...rest } =
    await startBoth(t)
  const first = await upload()
  const second = await upload('b.txt')
  await remove(first)
  await upload('c.txt', rest.south)
  t.equal(await deliver(id), undefined)
  t.equal(await deliver(id), undefined)
  const { received } = receiver
  t.same(
    received.map(({ json }) => json.subject),
    [first, second, first],
    'not those of another project, nor what was before it',
  )
  for (const message of received) {
    t.ok(isSignedWith(secret, message))
    t.equal(message.headers['webhook-id'], message.json.id)
    t.equal(message.headers['webhook-timestamp'], String(now()))
    t.match(message.headers['content-type'], /^application\/cloudevents\+json/)
    t.equal(message.path, '/hook')
  }
  t.match(received[1]?.json.data, { personal: { filename: 'b.txt' } })
  t.match(await deliveriesOf(rest, id), [
    { event: 'file.deleted', status: 'delivered', statusCode: 204, attempts: 1 },
    { event: 'file.uploaded', status: 'delivered', error: null },
    { event: 'file.uploaded', eventId: received[0]?.json.id },
  ])
})

t.test('a webhook is told of the events that it asked for', async (t) => {
  const both = await startBoth(t, {}, ['file.deleted'])
  const file = await both.upload()
  await both.deliver(both.id)
  await both.remove(file)
  await both.upload()
  await both.deliver(both.id)
  t.equal(both.receiver.received.length, 1)
  await both.useCases.update(both.north, both.id, { events: ['file.uploaded'] }, by)
  await both.upload()
  await both.deliver(both.id)
  t.equal(both.receiver.received.length, 3, 'and of those that came since the last one')
})

t.test('what was delivered is delivered again from any position', async (t) => {
  const both = await startBoth(t)
  const { useCases, north, id, receiver } = both
  const files = [await both.upload(), await both.upload(), await both.upload()]
  await both.deliver(id)
  const delivered = [...receiver.received]
  const positions = (await deliveriesOf(both, id))
    .map(({ position }) => position)
    .reverse()
  const [first = 0, second = 0] = positions
  for (const [from, expected] of [
    [second, files.slice(1)],
    [first, files],
    [1, files],
    [0, files],
  ] as const) {
    const before = receiver.received.length
    t.ok((await useCases.replay(north, id, from)).position < Math.max(from, 1))
    await both.deliver(id)
    const again = receiver.received.slice(before)
    // What is before the webhook is told of as well: its project was made, which is nothing to it.
    const subjects = again.map(({ json }) => json.subject).filter((one) => one !== id)
    t.same(subjects, expected, `from ${from}`)
  }
  t.equal(
    receiver.received.at(-1)?.json.id,
    delivered.at(-1)?.json.id,
    'with the same ids',
  )
  await t.rejects(useCases.replay(north, id, 99), {
    code: 'invalid_value',
    message: /position '99'/,
  })
  await t.rejects(useCases.replay(both.south, id, 1), {
    message: /^No such Webhook object: wh_/,
  })
})

t.test('a replay passes over nothing that is yet to be delivered', async (t) => {
  const both = await startBoth(t)
  both.receiver.answer(500)
  await both.upload()
  const last = await both.upload()
  t.ok(await both.deliver(both.id))
  const { position } = await both.useCases.get(both.north, both.id)
  await both.useCases.replay(both.north, both.id, position + 2)
  t.equal((await both.useCases.get(both.north, both.id)).position, position)
  await both.useCases.replay(both.north, both.id, position + 1)
  both.receiver.answer(204)
  t.equal(await both.deliver(both.id), undefined, 'the event that waits is tried at once')
  t.equal(both.receiver.received.at(-1)?.json.subject, last)
})

t.test('what was under way at a stop is delivered after the next start', async (t) => {
  const receiver = await startReceiver(t)
  const before = await startWebhooks(t, {})
  const { id, secret } = await before.useCases.create(
    before.north,
    { url: receiver.url, events: ['*'] },
    by,
  )
  await before.runner.start()
  const first = await before.upload()
  await receiver.arrived(1)
  await until(async () => (await deliveriesOf(before, id)).length === 1)
  receiver.answer(() => {})
  const second = await before.upload()
  await receiver.arrived(2)
  await before.runner.stop()
  await before.close()

  receiver.answer(204)
  const after = await startWebhooks(t, {
    folder: before.path.replace(/\/custody\.db$/, ''),
  })
  await after.runner.start()
  await receiver.arrived(3)
  await until(async () => (await deliveriesOf(after, id)).length === 2)
  await after.runner.stop()
  t.same(
    receiver.received.map(({ json }) => json.subject),
    [first, second, second],
  )
  t.equal(receiver.received[1]?.json.id, receiver.received[2]?.json.id)
  for (const message of receiver.received) t.ok(isSignedWith(secret, message))
})

t.test('webhooks do not wait for each other', async (t) => {
  const slow = await startReceiver(t)
  const both = await startBoth(t)
  slow.answer(() => {})
  await both.useCases.create(both.north, { url: slow.url, events: ['file.uploaded'] }, by)
  await both.runner.start()
  await both.upload()
  await both.upload()
  await both.receiver.arrived(3)
  await slow.arrived(1)
  t.equal(slow.received.length, 1)
  await both.runner.stop()
})

t.test('a replay counts that is asked for while a delivery is under way', async (t) => {
  const both = await startBoth(t)
  const { receiver, useCases, north, id } = both
  const first = await both.upload()
  await both.deliver(id)
  const [{ position = 0 } = {}] = await deliveriesOf(both, id)
  let release = () => {}
  receiver.answer((response) => {
    release = () => void response.writeHead(204).end()
  }, 204)
  const second = await both.upload()
  const running = both.deliver(id)
  await receiver.arrived(2)
  await useCases.replay(north, id, position)
  release()
  t.equal(await running, undefined)
  t.same(
    receiver.received.map(({ json }) => json.subject),
    [first, second, first, second],
  )
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
