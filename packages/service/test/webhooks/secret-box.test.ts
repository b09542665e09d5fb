import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createSecretBox } from '../../src/webhooks/secret-box.ts'

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
