import { readFileSync } from 'node:fs'
import { createServer as createTcpServer } from 'node:net'
import t from 'tap'
import type { WebhookOptions } from '../../src/webhooks/webhook-types.ts'
import { isSignedWith, startReceiver } from './start-receiver.ts'
import { by, startWebhooks, type TestWebhooks } from './start-webhooks.ts'

const HOUR = 3600

/** A webhook of `north` for a receiver of its own. */
async function startBoth(
  t: Parameters<typeof startWebhooks>[0],
  given: Partial<WebhookOptions> = {},
  events: readonly string[] = ['*'],
) {
  const receiver = await startReceiver(t)
  const webhooks = await startWebhooks(t, given)
  const { id, secret } = await webhooks.useCases.create(
    webhooks.north,
    { url: receiver.url, events },
    by,
  )
  return { ...webhooks, receiver, id, secret }
}

const deliveriesOf = async ({ useCases, north }: TestWebhooks, id: string) =>
  (await useCases.deliveries(north, id, { limit: 100 })).items

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
  t.match(await deliveriesOf({ ...rest, upload, remove, deliver, now }, id), [
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
  const both = await startBoth(t, { attemptMs: 300 })
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

t.test('while a secret rotates both sign, then the new one alone', async (t) => {
  const both = await startBoth(t)
  const { useCases, north, id, receiver } = both
  const made = await useCases.rotateSecret(north, id, 100, by)
  t.not(made.secret, both.secret)
  await both.upload()
  await both.deliver(id)
  const during = receiver.received.at(-1)
  both.pass(101)
  await both.upload()
  await both.deliver(id)
  const after = receiver.received.at(-1)
  if (!during || !after) throw new Error('nothing came')
  t.ok(isSignedWith(both.secret, during))
  t.ok(isSignedWith(made.secret, during))
  t.notOk(isSignedWith(both.secret, after))
  t.ok(isSignedWith(made.secret, after))

  for (let round = 0; round < 6; round += 1)
    await useCases.rotateSecret(north, id, 100, by)
  const last = await useCases.rotateSecret(north, id, 100, by)
  await both.upload()
  await both.deliver(id)
  const many = receiver.received.at(-1)
  if (!many) throw new Error('nothing came')
  t.ok(isSignedWith(last.secret, many))
  t.equal(
    String(many.headers['webhook-signature']).split(' ').length,
    4,
    'not without end',
  )
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

t.test('a webhook that is deleted while it is delivered to leaves nothing', async (t) => {
  const both = await startBoth(t)
  const { receiver, useCases, north, id } = both
  let release = () => {}
  receiver.answer((response) => {
    release = () => void response.writeHead(500).end()
  })
  await both.upload()
  const running = both.deliver(id)
  await receiver.arrived(1)
  await useCases.delete(north, id, by)
  release()
  t.equal(await running, undefined)
  t.equal(await both.log.reader.consumer(`webhook:${id}`), undefined)
  await t.rejects(useCases.get(north, id), { message: /^No such Webhook object: wh_/ })
  await t.rejects(useCases.deliveries(north, id, { limit: 1 }), {
    message: /^No such Webhook object: wh_/,
  })
  await t.rejects(useCases.rotateSecret(north, id, 0, by), {
    message: /^No such Webhook object: wh_/,
  })
  await both.upload()
  t.equal(await both.deliver(id), undefined)
  t.equal(receiver.received.length, 1)
  t.same(await useCases.list(north), [])
  t.same(
    both.logged.filter((line) => line.startsWith('defect')),
    [],
  )
})

t.test('a webhook of another project is one that never was', async (t) => {
  const { useCases, north, south, id } = await startBoth(t)
  const refused = async (webhook: string) => {
    const errors: unknown[] = []
    for (const ask of [
      () => useCases.get(south, webhook),
      () => useCases.update(south, webhook, { enabled: false }, by),
      () => useCases.update(south, webhook, { url: 'nonsense' }, by),
      () => useCases.delete(south, webhook, by),
      () => useCases.rotateSecret(south, webhook, 0, by),
      () => useCases.deliveries(south, webhook, { limit: 1 }),
      () => useCases.replay(south, webhook, 1),
    ]) {
      const error = await ask().then(
        () => 'no refusal',
        (reason: Error) => reason.message.replace(webhook, 'ID'),
      )
      errors.push(error)
    }
    return errors
  }
  const foreign = await refused(id)
  t.same(foreign, await refused(`wh_${'0'.repeat(32)}`))
  t.same(new Set(foreign), new Set(['No such Webhook object: ID']))
  t.same(await useCases.list(south), [])
  t.match(await useCases.get(north, id), { disabledAt: null })
})

t.test('an archived project is not told any more', async (t) => {
  const both = await startBoth(t)
  await both.upload()
  await both.appender.append(
    { type: 'ArchiveProject', id: 'north' },
    { project: 'north', actor: 'admin', requestId: by.requestId },
  )
  t.equal(await both.deliver(both.id), undefined)
  t.equal(both.receiver.received.length, 0)
})

t.test('a project has at most twenty webhooks, however fast they are made', async (t) => {
  const { useCases, north } = await startBoth(t)
  const made = await Promise.allSettled(
    Array.from({ length: 25 }, () =>
      useCases.create(north, { url: 'https://example.com/', events: ['*'] }, by),
    ),
  )
  t.equal(made.filter(({ status }) => status === 'fulfilled').length, 19)
  t.equal((await useCases.list(north)).length, 20)
})

t.test('no secret is in the database, nor in what is logged', async (t) => {
  const both = await startBoth(t)
  const { secret: second } = await both.useCases.rotateSecret(
    both.north,
    both.id,
    100,
    by,
  )
  both.receiver.answer(500)
  await both.upload('private-name.txt')
  await both.deliver(both.id)
  await both.close()
  const stored = ['', '-wal']
    .map((suffix) => `${both.path}${suffix}`)
    .map((file) => {
      try {
        return readFileSync(file)
      } catch {
        return Buffer.alloc(0)
      }
    })
  const bytes = Buffer.concat(stored)
  t.ok(bytes.includes(both.id), 'it was looked for in the right place')
  for (const secret of [both.secret, second]) {
    const raw = Buffer.from(secret.replace('whsec_', ''), 'base64')
    t.equal(raw.length, 32)
    for (const form of [raw, raw.toString('base64'), raw.toString('hex')]) {
      t.notOk(bytes.includes(form))
      t.notOk(both.logged.join('\n').includes(form.toString()))
    }
  }
  t.notOk(both.logged.join('\n').includes('private-name'))
})

t.test('secrets that cannot be read do not sign, and a new one does', async (t) => {
  const receiver = await startReceiver(t)
  const before = await startWebhooks(t, {})
  const webhook = { url: receiver.url, events: ['file.uploaded'] }
  const { id } = await before.useCases.create(before.north, webhook, by)
  await before.close()
  const folder = before.path.replace(/\/custody\.db$/, '')
  const after = await startWebhooks(t, { folder, sealingKey: 'another key' })
  await after.upload()
  t.ok(await after.deliver(id))
  t.match(await deliveriesOf(after, id), [{ error: 'secret_unreadable' }])
  t.equal(receiver.received.length, 0)
  const { secret } = await after.useCases.rotateSecret(after.north, id, 0, by)
  after.pass(10)
  t.equal(await after.deliver(id), undefined)
  const [message] = receiver.received
  t.ok(message && isSignedWith(secret, message))
})

t.test('the last thousand deliveries are kept, for thirty days', async (t) => {
  const both = await startBoth(t)
  const { id, appender } = both
  const consumer = await consumerState(both, id)
  const second = both.now() * 1000
  const record = (seq: number, trim = false) =>
    appender.append(
      {
        type: 'RecordDelivery',
        webhook: id,
        version: 1,
        delivery: {
          webhook: id,
          seq,
          event_id: `e${seq}`,
          type: 'file.uploaded',
          status: 'delivered',
          attempts: 1,
          first_attempt_at: second + seq,
          last_attempt_at: second + seq,
          next_attempt_at: null,
          status_code: 200,
          error: null,
        },
        consumer,
        expected: consumer.position,
        trim,
        disable: null,
      },
      { project: 'north', actor: 'system', requestId: by.requestId },
    )
  const list = async () =>
    (await both.useCases.deliveries(both.north, id, { limit: 2_000 })).items
  await Promise.all(
    Array.from({ length: 1_099 }, (_, index) => record(1_000 * (index + 1))),
  )
  t.equal((await list()).length, 1_099)
  await record(1_100_000, true)
  const kept = await list()
  t.equal(kept.length, 1_000)
  t.equal(kept.at(-1)?.eventId, 'e101000')
  both.pass(30 * 24 * HOUR + 500)
  t.equal((await list()).length, 600, 'the others are older')
})

async function consumerState({ log, deliver }: TestWebhooks, id: string) {
  await deliver(id)
  const state = await log.reader.consumer(`webhook:${id}`)
  if (!state) throw new Error('there is no consumer')
  return state
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
