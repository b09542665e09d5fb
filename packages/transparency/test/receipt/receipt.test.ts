import fc from 'fast-check'
import t from 'tap'
import {
  canonicalJson,
  commitment,
  formatCheckpoint,
  formatReceipt,
  formatTlogProof,
  inclusionProof,
  leafHash,
  makeSignerKey,
  openReceipt,
  parseReceipt,
  parseTlogProof,
  type Receipt,
  signNote,
} from '../../src/index.ts'
import { makeLeafHashes, merkleTreeHash } from '../merkle/merkle-tree-hash.ts'
import { tilesOf } from '../merkle/tile-sources.ts'
import { anyText, flippedBits, mutatedTexts } from '../mutations.ts'

const origin = 'custody/01980000-0000-7000-8000-000000000001/1'
const log = makeSignerKey(origin, Buffer.alloc(32, 1))
const witness = makeSignerKey('witness.example', Buffer.alloc(32, 2))
const keys = [log.verifier]
const salt = Buffer.alloc(16, 7)
const body = { sha256: 'ab'.repeat(32), facts: { lines: 3 } }
const commit = {
  content: commitment(salt, body),
  personal: commitment(Buffer.alloc(16, 8), { filename: 'a.txt' }),
}
const record = recordAt(78)
const receipt = await receiptOf(record)
const text = formatReceipt(receipt)

function recordAt(position: number, more: object = {}): string {
  return canonicalJson({ v: 1, position, type: 'FileUploaded', commit, ...more })
}

/** A log of 300 entries signs that this one is at index 77. */
async function receiptOf(record: string, signers = [log]): Promise<Receipt> {
  const leaves = makeLeafHashes(300).with(77, leafHash(Buffer.from(record)))
  const root = merkleTreeHash(leaves)
  return {
    record,
    proof: formatTlogProof({
      index: 77,
      hashes: await inclusionProof(77, 300, tilesOf(leaves)),
      checkpoint: signNote(formatCheckpoint({ origin, size: 300, root }), signers),
    }),
    private: { content: { salt, body } },
  }
}

const malformed = { name: 'MalformedError' }
const refused = (reason: string) => ({ name: 'UnverifiedError', reason })

t.test('is canonical JSON', async (t) => {
  t.equal(
    text,
    canonicalJson({
      v: 1,
      record,
      proof: receipt.proof,
      private: { content: { salt: salt.toString('base64'), body } },
    }),
  )
  t.strictSame(parseReceipt(text), receipt)
  t.equal(formatReceipt(parseReceipt(Buffer.from(text))), text)
})

t.test('shows an event and its private data to whoever trusts the key', async (t) => {
  const opened = openReceipt(Buffer.from(text), keys)
  t.match(opened, {
    record: { type: 'FileUploaded', position: 78 },
    checkpoint: { origin, size: 300 },
    withheld: ['personal'],
  })
  const bare = openReceipt(formatReceipt({ ...receipt, private: {} }), keys)
  t.strictSame(bare.withheld, ['content', 'personal'])
})

t.test('does not show another record, or one of another log', async (t) => {
  const other = formatReceipt({ ...receipt, record: recordAt(78, { stream: 'x' }) })
  t.throws(() => openReceipt(other, keys), refused('wrong_proof'))
  t.throws(() => openReceipt(text, [witness.verifier]), refused('unknown_keys'))
  t.throws(() => openReceipt(text, []), refused('unknown_keys'))
})

t.test('refuses private data that the record does not commit to', async (t) => {
  const groups = {
    'another body': { content: { salt, body: { ...body, sha256: 'cd'.repeat(32) } } },
    'another salt': { content: { salt: Buffer.alloc(16, 9), body } },
    'a short salt': { content: { salt: Buffer.alloc(15, 7), body } },
    'another group': { personal: { salt, body } },
    'a group that there is not': { more: { salt, body } },
    'the name of a member that all objects have': { constructor: { salt, body } },
  }
  for (const [what, group] of Object.entries(groups)) {
    const forged = formatReceipt({ ...receipt, private: group })
    t.throws(() => openReceipt(forged, keys), refused('wrong_commitment'), what)
  }
})

t.test('refuses a record that is not one of this place', async (t) => {
  for (const wrong of [
    recordAt(77),
    recordAt(78, { v: 2 }),
    recordAt(78, { commit: [] }),
    ` ${record}`,
    'no JSON',
    '[]',
  ]) {
    const signed = formatReceipt({ ...(await receiptOf(wrong)), private: {} })
    t.throws(() => openReceipt(signed, keys), malformed, wrong)
  }
})

t.test('leaves no room for what nobody signed', async (t) => {
  const { index, hashes, checkpoint } = parseTlogProof(receipt.proof)
  const extra = formatTlogProof({ index, hashes, checkpoint, extra: Buffer.from('x') })
  const cosigned = await receiptOf(record, [log, witness])
  for (const proof of [extra, cosigned.proof]) {
    const more = formatReceipt({ ...receipt, proof })
    t.throws(() => openReceipt(more, keys), malformed)
  }
  const known = [witness.verifier, log.verifier]
  t.equal(openReceipt(formatReceipt(cosigned), known).checkpoint.size, 300)
  for (const other of [
    `${text}\n`,
    `\ufeff${text}`,
    text.replace('"v":1', '"v":1.0'),
    text.replace('{', '{"a":1,'),
    text.replace('"v":1', '"v":1,"w":1'),
    JSON.stringify(JSON.parse(text), null, 2),
    text.replace('FileUploaded', 'File\\u0055ploaded'),
  ]) {
    t.not(other, text)
    t.throws(() => openReceipt(other, keys), malformed, other.slice(0, 40))
  }
})

t.test('a receipt with any bit flipped is refused', async (t) => {
  let accepted = 0
  let count = 0
  for (const forged of flippedBits(text)) {
    count += 1
    if (opens(forged)) accepted += 1
  }
  t.ok(count > 8_000)
  t.equal(accepted, 0)
})

t.test('a receipt with any line, byte or piece of it changed is refused', async () => {
  // Its proof has the lines.
  const forgedProofs = mutatedTexts(receipt.proof).map((proof) =>
    Buffer.from(formatReceipt({ ...receipt, proof: proof.toString() })),
  )
  fc.assert(
    fc.property(fc.oneof(mutatedTexts(text), forgedProofs), (forged) => {
      fc.pre(!forged.equals(Buffer.from(text)))
      return !opens(forged)
    }),
    { numRuns: 2_000 },
  )
})

t.test('anything else is refused, and never crashes', async () => {
  const deep = '['.repeat(5_000)
  fc.assert(
    fc.property(
      anyText('{"v":1', '"record":', '"private":{}', deep, record, receipt.proof, '}'),
      (input) => !opens(input),
    ),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.json(), (input) => !opens(input)),
    { numRuns: 1_000 },
  )
})

/** Whether it is accepted. @throws whatever is not a refusal */
function opens(input: string | Uint8Array): boolean {
  try {
    openReceipt(input, keys)
    return true
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    if (name === 'MalformedError' || name === 'UnverifiedError') return false
    throw error
  }
}
