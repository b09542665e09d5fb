import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  formatSignerKey,
  formatVerifierKey,
  MalformedError,
  makeSignerKey,
  makeVerifierKey,
  parseSignerKey,
  parseVerifierKey,
} from '../../src/index.ts'
import { anyText, flippedBits } from '../mutations.ts'

// RFC 8032, section 7.1, test 1.
const seed = Buffer.from(
  '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  'hex',
)
const publicKey = Buffer.from(
  'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  'hex',
)
const name = 'log.example/1'
const malformed = { name: 'MalformedError' }

/** The verifier key as the specification words it. */
function plainVerifierKey(name: string, publicKey: Buffer): string {
  const typed = Buffer.concat([Buffer.of(1), publicKey])
  const id = createHash('sha256').update(name).update('\n').update(typed).digest('hex')
  return `${name}+${id.slice(0, 8)}+${typed.toString('base64')}`
}

t.test('derives the public key of RFC 8032, and the key id of its name', async (t) => {
  const signer = makeSignerKey(name, seed)
  t.equal(formatVerifierKey(signer.verifier), plainVerifierKey(name, publicKey))
  t.equal(
    formatVerifierKey(makeVerifierKey(name, publicKey)),
    plainVerifierKey(name, publicKey),
  )
  t.not(makeVerifierKey('log.example/2', publicKey).keyId, signer.verifier.keyId)
})

t.test('reads back the text of a key, plus signs in its base64 included', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constant(Buffer.alloc(32, 0xfb)),
  )
  const names = fc.oneof(
    fc.constantFrom('a', 'custody/0198/1', 'héllo', '木'),
    fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((s) => !/[\p{White_Space}+\p{Cc}]/u.test(s)),
  )
  fc.assert(
    fc.property(names, bytes, (name, bytes) => {
      const signer = makeSignerKey(name, bytes)
      const secret = formatSignerKey(signer)
      assert.equal(secret.endsWith(`+${Buffer.of(1, ...bytes).toString('base64')}`), true)
      assert.equal(formatSignerKey(parseSignerKey(secret)), secret)
      const verifier = formatVerifierKey(signer.verifier)
      assert.equal(formatVerifierKey(parseVerifierKey(verifier)), verifier)
      assert.equal(parseVerifierKey(verifier).keyId, signer.verifier.keyId)
    }),
  )
})

t.test('refuses a key with any bit flipped, and any part of a key', async (t) => {
  const secret = formatSignerKey(makeSignerKey(name, seed))
  const verifier = plainVerifierKey(name, publicKey)
  for (const [text, parse] of [
    [secret, parseSignerKey],
    [verifier, parseVerifierKey],
  ] as const) {
    for (const flipped of flippedBits(text)) {
      assert.throws(() => parse(flipped.toString('latin1')), malformed)
    }
    for (let start = 0; start < text.length; start++) {
      for (let end = start + 1; end <= text.length; end++) {
        if (end - start < text.length) {
          assert.throws(() => parse(text.slice(start, end)), malformed)
        }
      }
    }
    t.throws(() => parse(`${text}\n`), malformed)
    t.throws(() => parse(` ${text}`), malformed)
    t.throws(() => parse(''), malformed)
  }
})

t.test('refuses other algorithms, other lengths, and other spellings', async (t) => {
  const other = (typed: Buffer, spell = (id: string) => id) => {
    const id = createHash('sha256').update(`${name}\n`).update(typed).digest('hex')
    return `${name}+${spell(id.slice(0, 8))}+${typed.toString('base64')}`
  }
  t.doesNotThrow(() => parseVerifierKey(other(Buffer.of(1, ...publicKey))))
  for (const text of [
    other(Buffer.of(4, ...publicKey)),
    other(Buffer.of(1, ...publicKey, 0)),
    other(Buffer.of(1, ...publicKey.subarray(1))),
    other(Buffer.of(1, ...publicKey), (id) => `${id.toUpperCase()}A`),
    other(Buffer.of(1, ...publicKey), () => '0'),
    other(Buffer.of(1, ...publicKey)).replace(/\+(?=[^+]*$)/, '-'),
    other(Buffer.of(1, ...publicKey)).replace(/.{4}$/, ' $&'),
  ]) {
    t.throws(() => parseVerifierKey(text), malformed, text)
  }
})

t.test('never shows a secret in an error or an inspection', async (t) => {
  const signer = makeSignerKey(name, seed)
  const secret = formatSignerKey(signer)
  const tail = secret.split('+').pop() ?? ''
  try {
    parseSignerKey(secret.replace(name, 'other'))
    t.fail('accepted')
  } catch (error) {
    t.ok(error instanceof MalformedError)
    t.notMatch(String(error), tail.slice(0, 8))
  }
  t.notMatch(JSON.stringify(signer), /9d61b19d|nWGxne/)
})

t.test('refuses names and keys that no signature line can carry', async (t) => {
  for (const unfit of [
    '',
    'a b',
    'a+b',
    'a\u00a0b',
    'a\u2003',
    'a\nb',
    'a\u0085',
    '\u0000',
    '\ud800',
  ]) {
    t.throws(() => makeSignerKey(unfit, seed), malformed, JSON.stringify(unfit))
    t.throws(() => makeVerifierKey(unfit, publicKey), malformed)
  }
  t.throws(() => makeSignerKey(name, seed.subarray(1)), {
    name: 'RangeError',
    message: 'an Ed25519 key has 32 bytes, not 31',
  })
  t.throws(() => makeVerifierKey(name, Buffer.alloc(33)), { name: 'RangeError' })
})

t.test('reads anything else as malformed, and nothing as another error', async () => {
  fc.assert(
    fc.property(anyText('PRIVATE+KEY+', 'a+', '+01020304+'), (input) => {
      const text =
        typeof input === 'string' ? input : Buffer.from(input).toString('latin1')
      assert.throws(() => parseVerifierKey(text), malformed)
      assert.throws(() => parseSignerKey(text), malformed)
    }),
    { numRuns: 500 },
  )
})
