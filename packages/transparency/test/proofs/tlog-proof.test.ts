import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  inclusionProof,
  leafHash,
  makeSignerKey,
  openTlogProof,
  parseTlogProof,
  signNote,
  type TlogProof,
} from '../../src/index.ts'
import { makeLeafHashes, merkleTreeHash } from '../merkle/merkle-tree-hash.ts'
import { tilesOf } from '../merkle/tile-sources.ts'
import { anyText, flippedBits, mutatedTexts } from '../mutations.ts'

const origin = 'custody/01980000-0000-7000-8000-000000000001/1'
const log = makeSignerKey(origin, Buffer.alloc(32, 1))
const witness = makeSignerKey('witness.example', Buffer.alloc(32, 2))
const keys = [log.verifier]
const entry = leafHash(Buffer.from('an entry'))
const leaves = makeLeafHashes(300).with(77, entry)
const root = merkleTreeHash(leaves)
const checkpoint = signNote(formatCheckpoint({ origin, size: 300, root }), [log])
const hashes = await inclusionProof(77, 300, tilesOf(leaves))
const proof: TlogProof = { index: 77, hashes, checkpoint }
const text = formatTlogProof(proof)
const malformed = { name: 'MalformedError' }

t.test('writes header, index, hashes, a blank line and the checkpoint', async (t) => {
  const lines = hashes.map((hash) => `${hash.toString('base64')}\n`).join('')
  t.equal(text, `c2sp.org/tlog-proof@v1\nindex 77\n${lines}\n${checkpoint}`)
  t.equal(
    formatTlogProof({ ...proof, extra: Buffer.from('age-v1.2.1') }),
    `c2sp.org/tlog-proof@v1\nextra YWdlLXYxLjIuMQ==\nindex 77\n${lines}\n${checkpoint}`,
  )
  t.equal(
    formatTlogProof({ index: 0, hashes: [], checkpoint }),
    `c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}`,
  )
})

t.test('shows an entry to whoever trusts the key of the log', async (t) => {
  const opened = openTlogProof(text, entry, keys)
  t.equal(opened.index, 77)
  t.equal(opened.opened.checkpoint.size, 300)
  t.strictSame(openTlogProof(Buffer.from(text), entry, keys), opened)
  const [only] = leaves
  assert.ok(only)
  const first = signNote(formatCheckpoint({ origin, size: 1, root: only }), [log])
  const alone = formatTlogProof({ index: 0, hashes: [], checkpoint: first })
  t.equal(openTlogProof(alone, only, keys).index, 0)
})

t.test('does not show another entry, place or log', async (t) => {
  const wrong = { name: 'UnverifiedError', reason: 'wrong_proof' }
  t.throws(() => openTlogProof(text, leafHash(Buffer.from('other')), keys), wrong)
  t.throws(() => openTlogProof(text, Buffer.alloc(0), keys), wrong)
  for (const index of [76, 78, 333, 2 ** 53 - 1]) {
    t.throws(
      () => openTlogProof(formatTlogProof({ ...proof, index }), entry, keys),
      wrong,
    )
  }
  const bare = formatTlogProof({ ...proof, hashes: [] })
  t.throws(() => openTlogProof(bare, entry, keys), wrong)
  t.throws(() => openTlogProof(text, entry, [witness.verifier]), {
    name: 'UnverifiedError',
    reason: 'unknown_keys',
  })
  const cosigned = signNote(formatCheckpoint({ origin, size: 300, root }), [witness])
  const without = formatTlogProof({ ...proof, checkpoint: cosigned })
  t.throws(() => openTlogProof(without, entry, [...keys, witness.verifier]), {
    name: 'UnverifiedError',
    reason: 'foreign_origin',
  })
})

t.test('refuses what is not exactly a proof', async (t) => {
  const hash = hashes[0]?.toString('base64') ?? ''
  const header = 'c2sp.org/tlog-proof@v1\n'
  for (const unfit of [
    '',
    header,
    checkpoint,
    `${header}\n${checkpoint}`,
    `${header}index 1\n${checkpoint}`,
    `${header}index 1\n\n`,
    `${header}index 1\n\n\n${checkpoint}`.replace(origin, ''),
    `c2sp.org/tlog-proof@v2\nindex 1\n\n${checkpoint}`,
    `\n${header}index 1\n\n${checkpoint}`,
    `${header}index 01\n\n${checkpoint}`,
    `${header}index\n\n${checkpoint}`,
    `${header}index  1\n\n${checkpoint}`,
    `${header}index 1 \n\n${checkpoint}`,
    `${header}Index 1\n\n${checkpoint}`,
    `${header}index 9007199254740992\n\n${checkpoint}`,
    `${header}index 1\nindex 1\n\n${checkpoint}`,
    `${header}index 1\nextra AAAA\n\n${checkpoint}`,
    `${header}extra \nindex 1\n\n${checkpoint}`,
    `${header}extra AAAA\nextra AAAA\nindex 1\n\n${checkpoint}`,
    `${header}extra AAAB=\nindex 1\n\n${checkpoint}`,
    `${header}extra AB==\nindex 1\n\n${checkpoint}`,
    `${header}index 1\n${hash} \n\n${checkpoint}`,
    `${header}index 1\n${hash.slice(0, -1)}\n\n${checkpoint}`,
    `${header}index 1\nAAAA\n\n${checkpoint}`,
    `${header}index 1\n${`${hash}\n`.repeat(64)}\n${checkpoint}`,
    `${header}index 1\n\n${checkpoint}\n`,
    `${header}index 1\n\n${checkpoint.replace('\n300\n', '\n0300\n')}`,
    text.replaceAll('\n', '\r\n'),
    `\ufeff${text}`,
  ]) {
    t.throws(() => parseTlogProof(unfit), malformed, JSON.stringify(unfit.slice(0, 60)))
  }
  t.equal(
    parseTlogProof(`${header}index 1\n${`${hash}\n`.repeat(63)}\n${checkpoint}`).index,
    1,
  )
})

t.test('refuses to write what could not be read back', async (t) => {
  t.throws(() => formatTlogProof({ ...proof, extra: Buffer.alloc(0) }), malformed)
  t.throws(() => formatTlogProof({ ...proof, extra: Buffer.alloc(2_000_000) }), malformed)
  t.throws(() => formatTlogProof({ ...proof, checkpoint: 'abc' }), malformed)
  t.throws(
    () => formatTlogProof({ ...proof, checkpoint: signNote('a\n', [log]) }),
    malformed,
  )
  t.throws(
    () => formatTlogProof({ ...proof, hashes: new Array(64).fill(entry) }),
    malformed,
  )
  t.throws(() => formatTlogProof({ ...proof, index: -1 }), { name: 'RangeError' })
  t.throws(() => formatTlogProof({ ...proof, hashes: [Buffer.alloc(31)] }), {
    name: 'RangeError',
  })
})

t.test('reads back what it wrote', async () => {
  const hash = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes))
  const any = fc.record(
    {
      index: fc.maxSafeNat(),
      hashes: fc.array(hash, { maxLength: 63 }),
      checkpoint: fc.constant(checkpoint),
      extra: fc
        .uint8Array({ minLength: 1, maxLength: 100 })
        .map((bytes) => Buffer.from(bytes)),
    },
    { requiredKeys: ['index', 'hashes', 'checkpoint'] },
  )
  fc.assert(
    fc.property(any, (proof) => {
      assert.deepEqual(parseTlogProof(formatTlogProof(proof)), { ...proof })
    }),
  )
})

/** The text that what was verified has, without anything that a sender may add. */
function canonicalForm(opened: ReturnType<typeof openTlogProof>): string {
  const { note } = opened.opened
  const checkpoint = formatNote({ text: note.text, signatures: note.verified })
  return formatTlogProof({ index: opened.index, hashes: opened.hashes, checkpoint })
}

t.test('never believes a proof with any bit flipped', async () => {
  assert.equal(canonicalForm(openTlogProof(text, entry, keys)), text)
  for (const flipped of flippedBits(text)) {
    assert.throws(
      () => openTlogProof(flipped, entry, keys),
      ({ name }: Error) => name === 'MalformedError' || name === 'UnverifiedError',
    )
  }
})

t.test(
  'never believes a changed proof, and what was verified is all that it repeats',
  async () => {
    fc.assert(
      fc.property(mutatedTexts(text), (mutated) => {
        try {
          assert.equal(canonicalForm(openTlogProof(mutated, entry, keys)), text)
        } catch (error) {
          assert.match(String(error), /^(MalformedError|UnverifiedError): /)
        }
      }),
      { numRuns: 2_000 },
    )
  },
)

t.test('writes again what it reads, byte for byte', async () => {
  fc.assert(
    fc.property(
      fc.oneof(anyText(text, 'index 1\n', checkpoint), mutatedTexts(text)),
      (input) => {
        try {
          assert.equal(
            formatTlogProof(parseTlogProof(input)),
            Buffer.from(input).toString(),
          )
        } catch (error) {
          assert.match(String(error), /^MalformedError: /)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
