import { createHash } from 'node:crypto'
import t from 'tap'
import { commitment, commitmentOfText, verifyCommitment } from '../src/index.ts'

const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')

function plainCommitment(salt: Buffer, text: string): string {
  return createHash('sha256').update(salt).update(text, 'utf8').digest('base64')
}

t.test('is base64 of SHA-256 over salt and canonical JSON', async (t) => {
  const value = { metadata: { b: 1, a: 'ü' }, filename: 'träining 😀.jsonl' }
  const text = '{"filename":"träining 😀.jsonl","metadata":{"a":"ü","b":1}}'
  t.equal(commitment(salt, value), plainCommitment(salt, text))
  t.equal(commitmentOfText(salt, text), plainCommitment(salt, text))
})

t.test('covers the whole of a text of any length', async (t) => {
  for (const length of [0, 1, 2_000, 2_725, 2_726, 8_176, 8_177, 100_000]) {
    const text = JSON.stringify('€'.repeat(length))
    t.equal(
      commitmentOfText(salt, text),
      plainCommitment(salt, text),
      `${length} characters`,
    )
  }
})

t.test('holds for its own salt and value only', async (t) => {
  const value = { filename: 'a.jsonl' }
  const expected = commitment(salt, value)
  const otherSalt = Buffer.from(salt)
  otherSalt[15] = 0
  t.equal(verifyCommitment(salt, { filename: 'a.jsonl' }, expected), true)
  t.equal(verifyCommitment(salt, { filename: 'b.jsonl' }, expected), false)
  t.equal(verifyCommitment(otherSalt, value, expected), false)
  t.equal(verifyCommitment(salt, value, expected.replace('=', '')), false)
})

t.test('refuses a salt of another length than 16 bytes', async (t) => {
  for (const length of [0, 15, 17]) {
    const message = `the salt of a commitment has 16 bytes, not ${length}`
    t.throws(() => commitment(Buffer.alloc(length), 1), { name: 'RangeError', message })
  }
})

t.test(
  'does not hold, rather than throw, for a salt or value that none was made of',
  async (t) => {
    const expected = commitment(salt, {})
    t.equal(verifyCommitment(salt.subarray(1), {}, expected), false)
    t.equal(verifyCommitment(salt, JSON.parse('"\\ud800"'), expected), false)
  },
)
