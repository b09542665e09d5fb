import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  formatCheckpoint,
  formatNote,
  formatOrigin,
  leafHash,
  makeSignerKey,
  openCheckpoint,
  parseCheckpoint,
  parseOrigin,
  signNote,
} from '../../src/index.ts'
import { anyText, flippedBits, mutatedTexts } from '../mutations.ts'

const origin = 'custody/01980000-0000-7000-8000-000000000001/1'
const root = leafHash(Buffer.from('hello world'))
const text = `${origin}\n20852163\n${root.toString('base64')}\n`
const log = makeSignerKey(origin, Buffer.alloc(32, 1))
const witness = makeSignerKey('witness.example', Buffer.alloc(32, 2))
const malformed = { name: 'MalformedError' }

t.test('writes origin, size and root, each on a line of its own', async (t) => {
  t.equal(formatCheckpoint({ origin, size: 20_852_163, root }), text)
  t.equal(
    formatCheckpoint({ origin, size: 0, root, extensions: ['one', 'two words'] }),
    `${origin}\n0\n${root.toString('base64')}\none\ntwo words\n`,
  )
})

t.test('reads back what it wrote', async () => {
  const line = fc
    .string({ minLength: 1, unit: 'binary' })
    .filter((line) => line.isWellFormed() && !/\p{Cc}/u.test(line))
  const checkpoint = fc.record(
    {
      origin: line,
      size: fc.maxSafeNat(),
      root: fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((bytes) => Buffer.from(bytes)),
      extensions: fc.array(line, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ['origin', 'size', 'root'] },
  )
  fc.assert(
    fc.property(checkpoint, (checkpoint) => {
      const text = formatCheckpoint(checkpoint)
      assert.deepEqual(parseCheckpoint(text), { ...checkpoint })
    }),
  )
})

t.test('refuses what is not exactly a checkpoint', async (t) => {
  const base64 = root.toString('base64')
  for (const unfit of [
    '',
    '\n',
    '\n\n\n',
    origin,
    `${origin}\n1\n`,
    `${origin}\n1\n${base64}`,
    `\n1\n${base64}\n`,
    `${origin}\n1\n${base64}\n\n`,
    `${origin}\n1\n${base64}\nextension\n\nextension\n`,
    `${origin}\n01\n${base64}\n`,
    `${origin}\n+1\n${base64}\n`,
    `${origin}\n-1\n${base64}\n`,
    `${origin}\n1.0\n${base64}\n`,
    `${origin}\n0x1\n${base64}\n`,
    `${origin}\n1e3\n${base64}\n`,
    `${origin}\n \n${base64}\n`,
    `${origin}\n１\n${base64}\n`,
    `${origin}\n9007199254740992\n${base64}\n`,
    `${origin}\n99999999999999999999\n${base64}\n`,
    `${origin}\n1\n${base64.slice(0, -1)}\n`,
    `${origin}\n1\n${base64}=\n`,
    `${origin}\n1\n${base64} \n`,
    `${origin}\n1\n${Buffer.alloc(31).toString('base64')}\n`,
    `${origin}\n1\n${Buffer.alloc(33).toString('base64')}\n`,
    `${origin}\n1\n${'A'.repeat(42)}B=\n`,
    `${origin}\n1\n${Buffer.alloc(32, 0xff).toString('base64url')}\n`,
    `${origin}\r\n1\r\n${base64}\r\n`,
  ]) {
    t.throws(() => parseCheckpoint(unfit), malformed, JSON.stringify(unfit))
  }
})

t.test('refuses to write what could not be read back', async (t) => {
  for (const unfit of ['', 'a\nb', 'a\tb', '\ud800']) {
    t.throws(() => formatCheckpoint({ origin: unfit, size: 1, root }), malformed)
    t.throws(
      () => formatCheckpoint({ origin, size: 1, root, extensions: [unfit] }),
      malformed,
    )
  }
  t.throws(() => formatCheckpoint({ origin, size: -1, root }), { name: 'RangeError' })
  t.throws(() => formatCheckpoint({ origin, size: 1, root: root.subarray(1) }), {
    name: 'RangeError',
  })
})

t.test('says what is wrong, the value and what is allowed', async (t) => {
  t.throws(() => parseCheckpoint(`${origin}\n007\n${root.toString('base64')}\n`), {
    message:
      "malformed tree size: '007'; allowed is a decimal from 0 to 2^53 − 1, no leading zeros",
    what: 'tree size',
  })
  t.throws(() => parseCheckpoint(`a\u202e\u001b[2J\u0007${'x'.repeat(100)}\n`), {
    message:
      /^malformed checkpoint: 'a\\u202e\\u001b\[2J\\u0007x{50,60}\.\.\.'; allowed is/,
  })
})

t.test('opens a checkpoint that its log has signed', async (t) => {
  const note = signNote(text, [log, witness])
  const opened = openCheckpoint(note, [log.verifier, witness.verifier])
  t.strictSame(opened.checkpoint, { origin, size: 20_852_163, root })
  t.equal(opened.note.verified.length, 2)
  t.equal(openCheckpoint(note, [log.verifier]).note.unknown.length, 1)
})

t.test('does not take the word of a witness, or of another log, for it', async (t) => {
  const foreign = { name: 'UnverifiedError', reason: 'foreign_origin' }
  const note = signNote(text, [log, witness])
  t.throws(() => openCheckpoint(note, [witness.verifier]), foreign)
  const former = makeSignerKey(origin.replace(/1$/, '0'), Buffer.alloc(32, 3))
  const keys = [former.verifier, log.verifier]
  t.throws(() => openCheckpoint(signNote(text, [former]), keys), foreign)
  t.throws(() => openCheckpoint(note, []), {
    name: 'UnverifiedError',
    reason: 'unknown_keys',
  })
  t.throws(() => openCheckpoint(signNote('a\n1\n', [log]), keys), malformed)
})

t.test('never believes a checkpoint that was changed', async () => {
  const note = signNote(text, [log])
  const check = (mutated: Buffer) => {
    try {
      const opened = openCheckpoint(mutated, [log.verifier])
      const signatures = opened.note.verified
      assert.deepEqual(opened.checkpoint, { origin, size: 20_852_163, root })
      assert.equal(formatNote({ text: opened.note.text, signatures }), note)
      return true
    } catch (error) {
      assert.match(String(error), /^(MalformedError|UnverifiedError): /)
      return false
    }
  }
  assert.equal(check(Buffer.from(note)), true)
  for (const flipped of flippedBits(note)) assert.equal(check(flipped), false)
  fc.assert(
    fc.property(mutatedTexts(note), (mutated) => void check(mutated)),
    { numRuns: 1_000 },
  )
})

t.test('writes again what it reads, byte for byte', async () => {
  const candidates = fc.oneof(
    anyText(origin, text),
    mutatedTexts(text).map((bytes) => bytes.toString()),
  )
  fc.assert(
    fc.property(candidates, (input) => {
      const candidate = Buffer.from(input).toString()
      try {
        assert.equal(formatCheckpoint(parseCheckpoint(candidate)), candidate)
      } catch (error) {
        assert.match(String(error), /^MalformedError: /)
      }
    }),
    { numRuns: 2_000 },
  )
})

t.test('names the origin of a log by its id and its epoch', async (t) => {
  const logId = '01980000-0000-7000-8000-000000000001'
  t.equal(formatOrigin({ logId, epoch: 1 }), origin)
  t.strictSame(parseOrigin(origin), { logId, epoch: 1 })
  for (const unfit of [
    '',
    'custody',
    'custody/a',
    'custody//1',
    'custody/a/',
    'custody/a/01',
    'custody/a/-1',
    'custody/a/1/',
    'custody/A/1',
    'custody/a b/1',
    'Custody/a/1',
    ` ${origin}`,
    `${origin}\n`,
    `custody/${'a'.repeat(65)}/1`,
  ]) {
    t.throws(() => parseOrigin(unfit), malformed, JSON.stringify(unfit))
  }
  t.throws(() => formatOrigin({ logId: 'a/b', epoch: 1 }), malformed)
  t.throws(() => formatOrigin({ logId, epoch: 1.5 }), { name: 'RangeError' })
})
