import { randomBytes } from 'node:crypto'
import t from 'tap'
import { nextAttemptAt } from '../../src/webhooks/retry-schedule.ts'
import { createSecretBox } from '../../src/webhooks/secret-box.ts'
import { formatSecret, signedHeaders } from '../../src/webhooks/signature.ts'

t.test('a message is signed as the specification’s own example', async (t) => {
  // From the tests of the reference libraries of Standard Webhooks.
  const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
  t.equal(formatSecret(secret), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
  const headers = signedHeaders({
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
    secrets: [secret, secret],
  })
  const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
  t.same(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': `${signature} ${signature}`,
  })
})

t.test('what is sealed opens with the same key and context, and unchanged', async (t) => {
  const box = createSecretBox('one key', randomBytes)
  const secret = randomBytes(32)
  const sealed = Buffer.from(box.seal(secret, 'w1/s1'))
  t.same(box.open(sealed, box.keyId, 'w1/s1'), secret)
  t.same(createSecretBox('one key', randomBytes).open(sealed, box.keyId, 'w1/s1'), secret)
  t.notSame(box.seal(secret, 'w1/s1'), sealed, 'never twice the same')
  t.throws(() => box.open(sealed, box.keyId, 'w2/s1'), { message: /was changed/ })
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed)
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index)
    t.throws(() => box.open(changed, box.keyId, 'w1/s1'), { message: /was changed/ })
  }
  t.throws(() => box.open(sealed.subarray(0, 20), box.keyId, 'w1/s1'), {
    message: /cut short/,
  })
  const other = createSecretBox('another key', randomBytes)
  t.not(other.keyId, box.keyId)
  t.throws(() => other.open(sealed, box.keyId, 'w1/s1'), { message: /under key/ })
})

t.test('an event is tried again later and later, for a day', async (t) => {
  const day = 24 * 3_600_000
  const next = (attempts: number, now: number, random = 0.5, retryAfter?: string) =>
    nextAttemptAt({ attempts, firstAttemptAt: 0, now, random, retryAfter })
  t.same(
    [1, 2, 3, 10, 11, 1_000].map((attempts) => next(attempts, 0)),
    [5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000],
  )
  t.same([next(1, 0, 0), next(1, 0, 1)], [3_750, 6_250])
  t.equal(next(20, day - 1), day, 'a last time at its end')
  t.equal(next(20, day), undefined)
  t.equal(next(1, 0, 0.5, '60'), 60_000)
  t.equal(next(1, 0, 0.5, '1'), 5_000, 'never sooner than without')
  t.equal(next(1, 0, 0.5, 'Thu, 01 Jan 1970 00:02:00 GMT'), 120_000)
  t.equal(next(1, 0, 0.5, 'soon'), 5_000)
})
