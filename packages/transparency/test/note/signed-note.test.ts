import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  formatNote,
  makeSignerKey,
  makeVerifierKey,
  maxNoteBytes,
  openNote,
  parseNote,
  type SignerKey,
  signNote,
} from '../../src/index.ts'
import { anyText, flippedBits, mutatedTexts } from '../mutations.ts'

const signer = makeSignerKey('log.example/1', Buffer.alloc(32, 1))
const witness = makeSignerKey('witness.example', Buffer.alloc(32, 2))
const { verifier } = signer
const text =
  'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n'
const note = signNote(text, [signer])
const malformed = { name: 'MalformedError' }
const unknownKeys = { name: 'UnverifiedError', reason: 'unknown_keys' }
const invalid = { name: 'UnverifiedError', reason: 'invalid_signature' }

/** A signature line as the specification words it. */
function plainLine(signed: string, { verifier, key }: SignerKey): string {
  const id = verifier.keyId.toString(16).padStart(8, '0')
  const bytes = Buffer.concat([
    Buffer.from(id, 'hex'),
    sign(null, Buffer.from(signed), key),
  ])
  return `\u2014 ${verifier.name} ${bytes.toString('base64')}\n`
}

t.test('signs a note as the specification says', async (t) => {
  t.equal(note, `${text}\n${plainLine(text, signer)}`)
  const both = signNote(text, [signer, witness])
  t.equal(both, `${text}\n${plainLine(text, signer)}${plainLine(text, witness)}`)
})

t.test('signs with the signature of RFC 8032 where its test signs a byte', async (t) => {
  // Section 7.1, test 2: the message 72. A note ends with a newline, so the key alone is compared.
  const seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'
  const { key } = makeSignerKey('rfc8032', Buffer.from(seed, 'hex'))
  t.equal(
    sign(null, Buffer.of(0x72), key).toString('hex'),
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
})

t.test('opens a note for who knows one of its keys', async (t) => {
  const both = signNote(text, [signer, witness])
  const [first, second] = parseNote(both).signatures
  t.strictSame(openNote(both, [verifier]), { text, verified: [first], unknown: [second] })
  t.strictSame(openNote(both, [witness.verifier]), {
    text,
    verified: [second],
    unknown: [first],
  })
  t.strictSame(openNote(Buffer.from(both), [witness.verifier, verifier]), {
    text,
    verified: [first, second],
    unknown: [],
  })
  t.throws(() => openNote(both, []), unknownKeys)
})

t.test(
  'passes over keys that share a name or an id with a known one, not both',
  async (t) => {
    const namesake = makeSignerKey(verifier.name, Buffer.alloc(32, 3))
    t.throws(() => openNote(signNote(text, [namesake]), [verifier]), unknownKeys)
    const renamed = note.replace('log.example/1', 'log.example/2')
    t.throws(() => openNote(renamed, [verifier]), unknownKeys)
    const mixed = signNote(text, [namesake, signer])
    t.equal(openNote(mixed, [verifier]).unknown.length, 1)
  },
)

t.test(
  'refuses the whole note for one signature that a known key did not make',
  async (t) => {
    const { signatures } = parseNote(signNote(text, [signer, witness]))
    const [own, other] = signatures
    assert.ok(own && other)
    const forged = { ...own, signature: other.signature }
    for (const all of [[forged], [forged, other], [other, forged], [own, forged]]) {
      t.throws(() => openNote(formatNote({ text, signatures: all }), [verifier]), invalid)
    }
    for (const length of [1, 63, 65, 200]) {
      const cut = { ...own, signature: Buffer.alloc(length, 7) }
      t.throws(
        () => openNote(formatNote({ text, signatures: [cut] }), [verifier]),
        invalid,
      )
    }
    const collision = {
      ...makeVerifierKey('x', Buffer.alloc(32, 9)),
      ...{ name: own.name, keyId: own.keyId },
    }
    t.throws(() => openNote(note, [verifier, collision]), invalid)
  },
)

t.test('counts a key once, however often it has signed', async (t) => {
  const [own] = parseNote(note).signatures
  assert.ok(own)
  const twice = formatNote({ text, signatures: [own, own] })
  t.strictSame(openNote(twice, [verifier, verifier]).verified, [own])
})

t.test('takes up to 100 signatures, and a text up to a million bytes', async (t) => {
  const [own] = parseNote(note).signatures
  assert.ok(own)
  const stranger = { name: 'a', keyId: 1, signature: Buffer.alloc(5_000) }
  const hundred = formatNote({ text, signatures: [...new Array(99).fill(stranger), own] })
  t.equal(openNote(hundred, [verifier]).verified.length, 1)
  const more = `${hundred}${plainLine(text, witness)}`
  t.throws(() => parseNote(more), {
    ...malformed,
    message: /101 signatures.*from 1 to 100/,
  })
  const long = `${'x'.repeat(maxNoteBytes)}\n`
  t.throws(() => signNote(long, [signer]), {
    ...malformed,
    message: /at most 1000000 bytes/,
  })
  t.throws(() => parseNote(`${long}${note}`), malformed)
})

t.test('keeps blank lines and strange letters in the text', async () => {
  for (const odd of [
    '\n',
    '\n\n\n',
    'a\n\n',
    '— a AAAA\n',
    '\ufeffbom\n',
    'a\u2028b\u0085\u007f\n',
  ]) {
    const signed = signNote(odd, [signer])
    // Not by tap, whose own protocol ends a line at some of these.
    assert.equal(openNote(signed, [verifier]).text, odd)
    assert.equal(openNote(Buffer.from(signed), [verifier]).text, odd)
  }
})

t.test('refuses what is not exactly a note', async (t) => {
  const line = plainLine(text, signer)
  const base64 = line.split(' ')[2]?.trim() ?? ''
  const unpadded = signNote('a\n', [signer])
  const cases: readonly (string | Uint8Array)[] = [
    '',
    '\n',
    '\n\n',
    text,
    `${text}\n`,
    `${text}${line}`,
    `\n${line}`,
    note.slice(0, -1),
    `${note}\n`,
    `${note}a line\n`,
    `\u0001${note}`,
    note.replace('subito', 'sub\tito'),
    note.replaceAll('\n', '\r\n'),
    Buffer.concat([Buffer.of(0xff), Buffer.from(note)]),
    Buffer.concat([Buffer.of(0xed, 0xa0, 0x80), Buffer.from(note)]),
    `\ud800${note}`,
    `${text}\n— two words ${base64}\n`,
    `${text}\n— a+b ${base64}\n`,
    `${text}\n—  ${base64}\n`,
    `${text}\n— name\n`,
    `${text}\n— name \n`,
    `${text}\n— name AAAA\n`,
    `${text}\n— name AAAAAA==\n`,
    `${text}\n- name ${base64}\n`,
    `${text}\n— name ${base64} \n`,
    `${text}\n— name  ${base64}\n`,
    `${text}\n— name ${base64.replace(/=*$/, '')}\n`,
    `${text}\n— name AAAAAAB=\n`,
    `${text}\n— name AAAA AAA=\n`,
    `${text}\n— name AAAA-_A=\n`,
    unpadded.replace(/=\n$/, '\n'),
  ]
  for (const input of cases) {
    t.throws(() => parseNote(input), malformed, JSON.stringify(String(input).slice(-60)))
    t.throws(() => openNote(input, [verifier]), malformed)
  }
})

t.test('refuses to write what could not be read back', async (t) => {
  const [own] = parseNote(note).signatures
  assert.ok(own)
  for (const unfit of ['', 'abc', 'a\rb\n', 'a\u0000\n', '\ud800\n']) {
    t.throws(() => signNote(unfit, [signer]), malformed, JSON.stringify(unfit))
  }
  t.throws(() => signNote(text, []), malformed)
  for (const change of [{ name: 'a b' }, { name: '' }, { signature: Buffer.alloc(0) }]) {
    t.throws(() => formatNote({ text, signatures: [{ ...own, ...change }] }), malformed)
  }
})

t.test('never believes a note with any bit flipped', async () => {
  for (const flipped of flippedBits(note)) {
    assert.throws(
      () => openNote(flipped, [verifier]),
      /malformed|not by that key|none of/,
    )
  }
})

t.test(
  'never believes a changed text, and what was verified is all that it repeats',
  async () => {
    fc.assert(
      fc.property(mutatedTexts(note), (mutated) => {
        try {
          const opened = openNote(mutated, [verifier])
          // Signatures by unknown keys, and a key's own once more, are anybody's to add.
          assert.equal(
            formatNote({ text: opened.text, signatures: opened.verified }),
            note,
          )
        } catch (error) {
          assert.match(String(error), /^(MalformedError|UnverifiedError): /)
        }
      }),
      { numRuns: 2_000 },
    )
  },
)

t.test('writes again what it reads, byte for byte', async () => {
  const unsigned = fc
    .array(fc.string({ unit: fc.constantFrom('a', '\n', '—', ' ', 'é', '\ufeff') }))
    .map((lines) => `${lines.join('\n')}\n`)
  fc.assert(
    fc.property(unsigned, (text) => {
      const signed = signNote(text, [signer, witness])
      assert.equal(openNote(signed, [verifier]).text, text)
      assert.equal(formatNote(parseNote(Buffer.from(signed))), signed)
    }),
  )
  fc.assert(
    fc.property(
      fc.oneof(anyText(note, plainLine(text, signer)), mutatedTexts(note)),
      (input) => {
        try {
          assert.equal(formatNote(parseNote(input)), Buffer.from(input).toString())
        } catch (error) {
          assert.match(String(error), /^MalformedError: /)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
