import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  consistencyProof,
  formatCheckpoint,
  formatConsistencyProof,
  formatNote,
  makeSignerKey,
  openConsistencyProof,
  parseConsistencyProof,
  signNote,
} from '../../src/index.ts'
import { makeLeafHashes, merkleTreeHash } from '../merkle/merkle-tree-hash.ts'
import { tilesOf } from '../merkle/tile-sources.ts'
import { anyText, flippedBits, mutatedTexts } from '../mutations.ts'

const origin = 'custody/01980000-0000-7000-8000-000000000001/1'
const log = makeSignerKey(origin, Buffer.alloc(32, 1))
const keys = [log.verifier]
const leaves = makeLeafHashes(300)
const root = merkleTreeHash(leaves)
const known = { size: 77, root: merkleTreeHash(leaves.slice(0, 77)) }
const checkpoint = signNote(formatCheckpoint({ origin, size: 300, root }), [log])
const hashes = await consistencyProof(77, 300, tilesOf(leaves))
const proof = { oldSize: 77, hashes, checkpoint }
const text = formatConsistencyProof(proof)
const malformed = { name: 'MalformedError' }
const wrong = { name: 'UnverifiedError', reason: 'wrong_proof' }

t.test('writes the old size, hashes, a blank line and the checkpoint', async (t) => {
  const lines = hashes.map((hash) => `${hash.toString('base64')}\n`).join('')
  t.equal(text, `old 77\n${lines}\n${checkpoint}`)
  t.equal(
    formatConsistencyProof({ oldSize: 0, hashes: [], checkpoint }),
    `old 0\n\n${checkpoint}`,
  )
})

t.test('shows that the log begins with what the reader knows', async (t) => {
  t.equal(openConsistencyProof(text, known, keys).opened.checkpoint.size, 300)
  const birth = formatConsistencyProof({ oldSize: 0, hashes: [], checkpoint })
  const nothing = { size: 0, root: merkleTreeHash([]) }
  t.equal(openConsistencyProof(birth, nothing, keys).oldSize, 0)
  const same = formatConsistencyProof({ oldSize: 300, hashes: [], checkpoint })
  t.equal(openConsistencyProof(same, { size: 300, root }, keys).oldSize, 300)
})

t.test(
  'does not show it of another log, an older one, or with another proof',
  async (t) => {
    t.throws(() => openConsistencyProof(text, { size: 77, root }, keys), wrong)
    t.throws(() => openConsistencyProof(text, { ...known, size: 78 }, keys), wrong)
    const bare = formatConsistencyProof({ ...proof, hashes: [] })
    t.throws(() => openConsistencyProof(bare, known, keys), wrong)
    const ahead = formatConsistencyProof({ ...proof, oldSize: 301, hashes: [] })
    t.throws(() => openConsistencyProof(ahead, { size: 301, root }, keys), wrong)
    t.throws(() => openConsistencyProof(text, known, []), {
      name: 'UnverifiedError',
      reason: 'unknown_keys',
    })
  },
)

t.test('refuses what is not exactly such a proof', async (t) => {
  const hash = hashes[0]?.toString('base64') ?? ''
  for (const unfit of [
    '',
    'old 1\n',
    checkpoint,
    `\n${checkpoint}`,
    `old 1\n${checkpoint}`,
    `old 01\n\n${checkpoint}`,
    `old  1\n\n${checkpoint}`,
    `old 1 \n\n${checkpoint}`,
    `old\n\n${checkpoint}`,
    `old -1\n\n${checkpoint}`,
    `new 1\n\n${checkpoint}`,
    `old 1\n${hash}=\n\n${checkpoint}`,
    `old 1\nAAAA\n\n${checkpoint}`,
    `old 1\n${`${hash}\n`.repeat(64)}\n${checkpoint}`,
    `old 1\n\n${checkpoint}\n`,
    `old 1\n\n${signNote('a\n', [log])}`,
  ]) {
    t.throws(
      () => parseConsistencyProof(unfit),
      malformed,
      JSON.stringify(unfit.slice(0, 60)),
    )
  }
  t.throws(() => formatConsistencyProof({ ...proof, checkpoint: 'abc' }), malformed)
  t.throws(() => formatConsistencyProof({ ...proof, oldSize: -1 }), {
    name: 'RangeError',
  })
})

t.test('never believes a proof with any bit flipped', async () => {
  for (const flipped of flippedBits(text)) {
    assert.throws(
      () => openConsistencyProof(flipped, known, keys),
      ({ name }: Error) => name === 'MalformedError' || name === 'UnverifiedError',
    )
  }
})

t.test('never believes a changed proof, and writes again what it reads', async () => {
  fc.assert(
    fc.property(
      fc.oneof(mutatedTexts(text), anyText('old 1\n', checkpoint)),
      (mutated) => {
        try {
          const parsed = parseConsistencyProof(mutated)
          assert.equal(formatConsistencyProof(parsed), Buffer.from(mutated).toString())
          const { note } = openConsistencyProof(mutated, known, keys).opened
          const verified = formatNote({ text: note.text, signatures: note.verified })
          assert.equal(formatConsistencyProof({ ...parsed, checkpoint: verified }), text)
        } catch (error) {
          assert.match(String(error), /^(MalformedError|UnverifiedError): /)
        }
      },
    ),
    { numRuns: 2_000 },
  )
})
