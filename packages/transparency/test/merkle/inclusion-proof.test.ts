import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  expandTile,
  frontierRoot,
  inclusionProof,
  nodeHash,
  readFrontier,
  verifyInclusion,
} from '../../src/index.ts'
import { makeLeafHashes, merkleTreeHash } from './merkle-tree-hash.ts'
import { plainInclusionProof } from './plain-proofs.ts'
import { rfcExample } from './rfc-example.ts'
import { tilesOf, uniformLog, watch } from './tile-sources.ts'

const leaves = makeLeafHashes(66_000)
const read = tilesOf(leaves)

t.test('proves what the example of RFC 6962 says', async (t) => {
  const nodes = rfcExample.nodes
  for (const [index, names] of rfcExample.inclusion) {
    const proof = await inclusionProof(index, 7, tilesOf(rfcExample.leaves))
    t.strictSame(
      proof,
      names.map((name) => nodes[name]),
      `PATH(${index}, D[7])`,
    )
    const leaf = rfcExample.leaves[index] ?? nodes.hash
    t.ok(verifyInclusion(leaf, index, 7, proof, nodes.hash))
  }
})

async function checkProof(index: number, size: number): Promise<void> {
  const proof = await inclusionProof(index, size, read)
  const tree = leaves.slice(0, size)
  assert.deepEqual(proof, plainInclusionProof(index, tree))
  const leaf = leaves[index] ?? Buffer.alloc(0)
  assert.ok(verifyInclusion(leaf, index, size, proof, merkleTreeHash(tree)))
}

t.test('proves each leaf of each small log', async () => {
  for (let size = 1; size <= 40; size++) {
    for (let index = 0; index < size; index++) await checkProof(index, size)
  }
})

const leafOf = (min: number, max: number) =>
  fc
    .integer({ min, max })
    .chain((size) => fc.tuple(fc.nat({ max: size - 1 }), fc.constant(size)))

t.test('proves as the plain implementation does, across tile bounds', async () => {
  const leaf = leafOf(1, 600)
  await fc.assert(
    fc.asyncProperty(leaf, ([index, size]) => checkProof(index, size)),
    { numRuns: 300 },
  )
})

t.test('proves as the plain implementation does in three levels of tiles', async () => {
  const leaf = leafOf(60_000, 66_000)
  await fc.assert(
    fc.asyncProperty(leaf, ([index, size]) => checkProof(index, size)),
    { numRuns: 4 },
  )
})

t.test('proves in a log of any size, up to 2^53 − 1', async () => {
  const leaf = Buffer.alloc(32, 'leaf')
  const log = uniformLog(leaf)
  const size = fc.oneof(
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    fc.nat({ max: 52 }).map((exponent) => 2 ** exponent),
  )
  const place = size.chain((size) =>
    fc.tuple(fc.integer({ min: 0, max: size - 1 }), fc.constant(size)),
  )
  await fc.assert(
    fc.asyncProperty(place, async ([index, size]) => {
      const proof = await inclusionProof(index, size, log.read)
      assert.ok(proof.length <= 53)
      assert.ok(verifyInclusion(leaf, index, size, proof, log.root(size)))
      const frontier = await readFrontier(size, log.read)
      assert.deepEqual(frontierRoot(frontier), log.root(size))
    }),
    { numRuns: 30 },
  )
})

t.test('reads five tiles at most in a log of a million leaves, each once', async (t) => {
  const size = 1_000_000
  for (const index of [0, 255, 256, 524_287, 777_777, 983_040, 999_999]) {
    const { read, seen } = watch(uniformLog(Buffer.alloc(32)).read)
    await inclusionProof(index, size, read)
    const names = seen.map(({ level, index }) => `${level}/${index}`)
    t.ok(seen.length <= 5, `${index}: ${names}`)
    t.equal(new Set(names).size, names.length)
  }
})

t.test('asks for the tiles that a log of this size serves', async (t) => {
  const { read, seen } = watch(uniformLog(Buffer.alloc(32)).read)
  await inclusionProof(300, 70_000, read)
  const asked = seen.map(({ level, index, width }) => `${level}/${index}.${width}`)
  t.strictSame(asked.sort(), ['0/1.256', '0/273.112', '1/0.256', '1/1.17'])
})

t.test('takes tiles that were kept expanded, and tiles that have grown', async (t) => {
  const expanded = expandTile(Buffer.concat(leaves.slice(0, 256)))
  const { read: whole } = watch(read)
  const proof = await inclusionProof(77, 200, () => expanded)
  t.strictSame(proof, plainInclusionProof(77, leaves.slice(0, 200)))
  const grown = await inclusionProof(77, 200, (tile) => whole({ ...tile, width: 256 }))
  t.strictSame(grown, proof)
})

t.test('gives hashes of its own, which a reused tile does not change', async (t) => {
  const tile = Buffer.concat(leaves.slice(0, 8))
  const proof = await inclusionProof(0, 8, () => tile)
  tile.fill(0)
  t.strictSame(proof, plainInclusionProof(0, leaves.slice(0, 8)))
})

t.test('refuses what is not a leaf of the log, and tiles that fall short', async (t) => {
  for (const [index, size] of [
    [0, 0],
    [3, 3],
    [-1, 3],
    [0.5, 3],
    [Number.NaN, 3],
  ] as const) {
    await t.rejects(inclusionProof(index, size, read), {
      name: 'RangeError',
      message: /^the index of a leaf is an integer from 0 to/,
    })
  }
  for (const size of [-1, 2 ** 53, 1.5]) {
    await t.rejects(inclusionProof(0, size, read), { name: 'RangeError' })
  }
  const short = Buffer.alloc(31 * 32)
  const message = 'tile 0/0 of a log of size 32 has 32 hashes, not 31'
  await t.rejects(
    inclusionProof(0, 32, () => short),
    { name: 'RangeError', message },
  )
  const expanded = expandTile(short)
  await t.rejects(
    inclusionProof(0, 32, () => expanded),
    { name: 'RangeError', message },
  )
  t.throws(() => expandTile(Buffer.alloc(33)), { name: 'RangeError' })
  t.throws(() => expandTile(Buffer.alloc(0)), { name: 'RangeError' })
  t.throws(() => expandTile(Buffer.alloc(257 * 32)), { name: 'RangeError' })
})

t.test('fails with the error of the one who reads', async (t) => {
  const failing = () => Promise.reject(new Error('the disk is gone'))
  await t.rejects(inclusionProof(0, 70_000, failing), { message: 'the disk is gone' })
})

/** Each proof that differs from this one by a bit, or by a hash too many, too few or elsewhere. */
function mutations(proof: readonly Buffer[]): fc.Arbitrary<Buffer[]> {
  const at = fc.nat({ max: Math.max(0, proof.length - 1) })
  const flip = fc.tuple(at, fc.nat({ max: 255 })).map(([at, bit]) =>
    proof.map((hash, index) => {
      const copy = Buffer.from(hash)
      if (index === at) copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return copy
    }),
  )
  const drop = at.map((at) => proof.filter((_, index) => index !== at))
  const add = fc
    .tuple(at, fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([at, hash]) => proof.toSpliced(at, 0, Buffer.from(hash)))
  const swap = fc.tuple(at, at).map(([one, other]) =>
    proof.map((hash, index) => {
      const from = index === one ? other : index === other ? one : index
      return proof[from] ?? hash
    }),
  )
  const cut = at.map((at) => proof.map((h, index) => (index === at ? h.subarray(1) : h)))
  return fc
    .oneof(flip, drop, add, swap, cut)
    .filter((mutated) => !Buffer.concat(mutated).equals(Buffer.concat(proof)))
}

t.test('never accepts a proof, place, leaf or root that was changed', async () => {
  await fc.assert(
    fc.asyncProperty(leafOf(2, 600), fc.gen(), async ([index, size], gen) => {
      const proof = await inclusionProof(index, size, read)
      const root = merkleTreeHash(leaves.slice(0, size))
      const leaf = leaves[index] ?? root
      const mutated = gen(mutations, proof)
      assert.equal(verifyInclusion(leaf, index, size, mutated, root), false)
      const elsewhere = gen(fc.nat, { max: size + 10 })
      if (elsewhere !== index) {
        assert.equal(verifyInclusion(leaf, elsewhere, size, proof, root), false)
        const other = leaves[elsewhere] ?? root
        assert.equal(verifyInclusion(other, index, size, proof, root), false)
      }
      assert.equal(verifyInclusion(leaf, index, size, proof, leaf), false)
    }),
    { numRuns: 300 },
  )
})

t.test('never accepts a proof that is longer than its log is high', async (t) => {
  const leaf = Buffer.alloc(32, 1)
  const sibling = Buffer.alloc(32, 2)
  const root = nodeHash(sibling, leaf)
  t.ok(verifyInclusion(leaf, 1, 2, [sibling], root))
  t.notOk(verifyInclusion(leaf, 0, 1, [sibling], root))
  t.notOk(verifyInclusion(leaf, 1, 2, [sibling, sibling], nodeHash(sibling, root)))
  t.notOk(verifyInclusion(leaf, 0, 2, [sibling], root))
})

t.test('answers false, and never throws, for anything that is no proof', async () => {
  const bytes = fc.uint8Array({ maxLength: 40 })
  const hash = fc.oneof(bytes, fc.uint8Array({ minLength: 32, maxLength: 32 }))
  const number = fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger())
  const proof = fc.array(hash, { maxLength: 70 })
  fc.assert(
    fc.property(hash, number, number, proof, hash, (leaf, index, size, proof, root) => {
      const proven = Buffer.compare(leaf, root) === 0 && proof.length === 0
      if (!proven) assert.equal(verifyInclusion(leaf, index, size, proof, root), false)
    }),
    { numRuns: 500 },
  )
})
