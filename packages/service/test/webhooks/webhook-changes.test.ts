import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { findWebhookSecrets, listWebhookDeliveries } from '@custody/file-index'
import t from 'tap'
import { startBoth } from './start-both.ts'
import { startReceiver } from './start-receiver.ts'
import { by, startWebhooks, type TestWebhooks } from './start-webhooks.ts'

const HOUR = 3600

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
  const { sql } = both.log.reader
  t.same(await findWebhookSecrets(sql, id), [])
  t.same(
    await listWebhookDeliveries(sql, { webhook: id, before: 99, limit: 9, now: 0 }),
    [],
  )
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

t.test('a failure under way does not hold up what was changed meanwhile', async (t) => {
  const both = await startBoth(t)
  const other = await startReceiver(t)
  const { receiver, useCases, north, id } = both
  let release = () => {}
  receiver.answer((response) => {
    release = () => void response.writeHead(500).end()
  })
  const file = await both.upload()
  const running = both.deliver(id)
  await receiver.arrived(1)
  await useCases.update(north, id, { url: other.url }, by)
  release()
  t.equal(await running, undefined)
  t.equal(other.received[0]?.json.subject, file)
  t.equal(receiver.received.length, 1)
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

t.test('a webhook is a consumer from the beginning on', async (t) => {
  const { log, id, useCases, north } = await startBoth(t)
  const consumer = await log.reader.consumer(`webhook:${id}`)
  const [made] = await log.reader.read({ stream: id })
  t.match(consumer, { status: 'running', position: made?.record.position })
  t.equal((await useCases.get(north, id)).position, made?.record.seq)
  await useCases.update(north, id, { enabled: false }, by)
  t.match(await log.reader.consumer(`webhook:${id}`), { status: 'stopped' })
  await useCases.update(north, id, { url: 'https://example.com/' }, by)
  t.match(await log.reader.consumer(`webhook:${id}`), { status: 'stopped' })
  await useCases.update(north, id, { enabled: true }, by)
  t.match(await log.reader.consumer(`webhook:${id}`), { status: 'running' })
})

t.test('a webhook whose consumer was never made begins where it was made', async (t) => {
  const { id, upload, receiver, path, close } = await startBoth(t)
  const file = await upload()
  await close()
  const database = new DatabaseSync(path)
  database.exec('delete from consumers')
  database.close()
  const after = await startWebhooks(t, { folder: dirname(path) })
  t.equal(await after.deliver(id), undefined)
  t.same(
    receiver.received.map(({ json }) => json.subject),
    [file],
  )
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
