import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { consistencyProof, verifyConsistency } from '../../src/index.ts'
import * as known from './known-tree.ts'
import { makeLeafHashes, merkleTreeHash } from './merkle-tree-hash.ts'
import { plainConsistencyProof } from './plain-proofs.ts'
import { tilesOf, uniformLog, watch } from './tile-sources.ts'

const leaves = makeLeafHashes(66_000)
const read = tilesOf(leaves)
const emptyRoot = merkleTreeHash([])

t.test('proves what implementations of Certificate Transparency expect', async (t) => {
  const cases: readonly (readonly [from: number, to: number, proof: string[]])[] = [
    [1, 1, []],
    [
      1,
      8,
      [
        '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
      ],
    ],
    [
      6,
      8,
      [
        '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
        'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
        'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      ],
    ],
    [
      2,
      5,
      [
        '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
        'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      ],
    ],
  ]
  for (const [from, to, expected] of cases) {
    const proof = await consistencyProof(from, to, tilesOf(known.leaves))
    t.strictSame(
      proof.map((hash) => hash.toString('hex')),
      expected,
      `${from} to ${to}`,
    )
    const oldRoot = Buffer.from(known.roots[from] ?? '', 'hex')
    const newRoot = Buffer.from(known.roots[to] ?? '', 'hex')
    t.ok(verifyConsistency(from, oldRoot, to, newRoot, proof))
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
