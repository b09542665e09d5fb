import { readFileSync } from 'node:fs'
import t from 'tap'
import { deliveriesOf, startBoth } from './start-both.ts'
import { isSignedWith, startReceiver } from './start-receiver.ts'
import { by, startWebhooks } from './start-webhooks.ts'

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
