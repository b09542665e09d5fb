import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { consistencyProof, nodeHash, verifyConsistency } from '../../src/index.ts'
import { makeLeafHashes, merkleTreeHash } from './merkle-tree-hash.ts'
import { plainConsistencyProof } from './plain-proofs.ts'
import { rfcExample } from './rfc-example.ts'
import { tilesOf, uniformLog, watch } from './tile-sources.ts'

const leaves = makeLeafHashes(66_000)
const read = tilesOf(leaves)
const emptyRoot = merkleTreeHash([])

t.test('proves what the example of RFC 6962 says', async (t) => {
  const nodes = rfcExample.nodes
  for (const [size, names] of rfcExample.consistency) {
    const proof = await consistencyProof(size, 7, tilesOf(rfcExample.leaves))
    t.strictSame(
      proof,
      names.map((name) => nodes[name]),
      `PROOF(${size}, D[7])`,
    )
    const oldRoot = merkleTreeHash(rfcExample.leaves.slice(0, size))
    t.ok(verifyConsistency(size, oldRoot, 7, nodes.hash, proof))
  }
})

async function checkProof(oldSize: number, newSize: number): Promise<void> {
  const proof = await consistencyProof(oldSize, newSize, read)
  const tree = leaves.slice(0, newSize)
  const oldRoot = merkleTreeHash(leaves.slice(0, oldSize))
  assert.deepEqual(proof, plainConsistencyProof(oldSize, tree))
  assert.ok(verifyConsistency(oldSize, oldRoot, newSize, merkleTreeHash(tree), proof))
}

t.test('proves the growth between any two small sizes', async () => {
  for (let newSize = 1; newSize <= 40; newSize++) {
    for (let oldSize = 1; oldSize <= newSize; oldSize++)
      await checkProof(oldSize, newSize)
  }
})

const growth = (min: number, max: number) =>
  fc
    .integer({ min, max })
    .chain((size) => fc.tuple(fc.integer({ min: 1, max: size }), fc.constant(size)))

t.test('proves as the plain implementation does, across tile bounds', async () => {
  await fc.assert(
    fc.asyncProperty(growth(1, 600), ([from, to]) => checkProof(from, to)),
    { numRuns: 300 },
  )
})

t.test('proves as the plain implementation does in three levels of tiles', async () => {
  await fc.assert(
    fc.asyncProperty(growth(60_000, 66_000), ([from, to]) => checkProof(from, to)),
    { numRuns: 4 },
  )
})

t.test('proves in a log of any size, up to 2^53 − 1', async () => {
  const log = uniformLog(Buffer.alloc(32, 'leaf'))
  await fc.assert(
    fc.asyncProperty(growth(1, Number.MAX_SAFE_INTEGER), async ([from, to]) => {
      const proof = await consistencyProof(from, to, log.read)
      assert.ok(proof.length <= 63)
      assert.ok(verifyConsistency(from, log.root(from), to, log.root(to), proof))
    }),
    { numRuns: 30 },
  )
})

t.test('reads two tiles of a level at most in a log of a million leaves', async (t) => {
  for (const from of [1, 255, 256, 70_001, 524_288, 999_999]) {
    const { read, seen } = watch(uniformLog(Buffer.alloc(32)).read)
    await consistencyProof(from, 1_000_000, read)
    t.ok(seen.length <= 5, `${from}: ${JSON.stringify(seen)}`)
  }
})

t.test('has nothing to prove for an empty log and for equal sizes', async (t) => {
  const { read: watched, seen } = watch(read)
  const root = merkleTreeHash(leaves.slice(0, 7))
  t.strictSame(await consistencyProof(0, 0, watched), [])
  t.strictSame(await consistencyProof(0, 7, watched), [])
  t.strictSame(await consistencyProof(7, 7, watched), [])
  t.strictSame(seen, [])
  t.ok(verifyConsistency(0, emptyRoot, 0, emptyRoot, []))
  t.ok(verifyConsistency(0, emptyRoot, 7, root, []))
  t.ok(verifyConsistency(7, root, 7, root, []))

  t.notOk(verifyConsistency(0, root, 0, root, []), 'an empty log with another root')
  t.notOk(verifyConsistency(0, root, 7, root, []))
  t.notOk(verifyConsistency(0, emptyRoot, 7, root, [root]))
  t.notOk(verifyConsistency(7, root, 7, emptyRoot, []))
  t.notOk(verifyConsistency(7, root, 7, root, [root]))
  t.notOk(verifyConsistency(4, root, 7, root, []))
})

t.test('refuses sizes that no log grows between', async (t) => {
  for (const [from, to] of [
    [3, 2],
    [-1, 2],
    [0, 1.5],
    [1, 2 ** 53],
  ] as const) {
    await t.rejects(consistencyProof(from, to, read), { name: 'RangeError' })
    t.notOk(verifyConsistency(from, emptyRoot, to, emptyRoot, []))
  }
})

t.test('never accepts a proof, size or root that was changed', async () => {
  const at = fc.nat({ max: 60 })
  await fc.assert(
    fc.asyncProperty(
      growth(2, 600),
      at,
      fc.nat({ max: 255 }),
      async ([from, to], at, bit) => {
        fc.pre(from < to)
        const proof = await consistencyProof(from, to, read)
        const oldRoot = merkleTreeHash(leaves.slice(0, from))
        const newRoot = merkleTreeHash(leaves.slice(0, to))
        const place = at % proof.length
        const flip = (hash: Buffer) => {
          const copy = Buffer.from(hash)
          copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          return copy
        }
        const rejects = (...args: Parameters<typeof verifyConsistency>) =>
          assert.equal(verifyConsistency(...args), false)

        const one = proof[place] ?? oldRoot
        rejects(from, oldRoot, to, newRoot, proof.with(place, flip(one)))
        rejects(from, oldRoot, to, newRoot, proof.toSpliced(place, 1))
        rejects(from, oldRoot, to, newRoot, proof.toSpliced(place, 0, flip(one)))
        rejects(from, oldRoot, to, newRoot, proof.with(place, one.subarray(1)))
        if (proof.length > 1) rejects(from, oldRoot, to, newRoot, proof.toReversed())
        rejects(from, flip(oldRoot), to, newRoot, proof)
        rejects(from, oldRoot, to, flip(newRoot), proof)
        rejects(from, newRoot, to, newRoot, proof)
        rejects(from, oldRoot, to, oldRoot, proof)
        rejects(to, oldRoot, from, newRoot, proof)
      },
    ),
    { numRuns: 200 },
  )
})

t.test(
  'never accepts a proof that is longer or shorter than its log is high',
  async (t) => {
    const [c, d, g, more] = makeLeafHashes(4)
    assert.ok(c && d && g && more)
    const oldRoot = nodeHash(g, c)
    const newRoot = nodeHash(g, nodeHash(c, d))
    t.ok(verifyConsistency(3, oldRoot, 4, newRoot, [c, d, g]))
    t.notOk(verifyConsistency(3, oldRoot, 8, newRoot, [c, d, g]))
    const over = [nodeHash(more, oldRoot), nodeHash(more, newRoot)] as const
    t.notOk(verifyConsistency(3, over[0], 4, over[1], [c, d, g, more]))
  },
)

t.test('answers false, and never throws, for anything that is no proof', async () => {
  const bytes = fc.uint8Array({ maxLength: 40 })
  const hash = fc.oneof(bytes, fc.uint8Array({ minLength: 32, maxLength: 32 }))
  const number = fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger())
  const proof = fc.array(hash, { maxLength: 70 })
  fc.assert(
    fc.property(
      number,
      hash,
      number,
      hash,
      proof,
      (from, oldRoot, to, newRoot, proof) => {
        fc.pre(from !== to)
        assert.equal(verifyConsistency(from, oldRoot, to, newRoot, proof), false)
      },
    ),
    { numRuns: 500 },
  )
})
