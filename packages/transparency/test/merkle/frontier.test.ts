import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  decodeFrontier,
  emptyFrontier,
  encodeFrontier,
  extendFrontier,
  frontierRoot,
  leafHash,
  nodeHash,
} from '../../src/index.ts'
import { makeLeafHashes, merkleTreeHash } from './merkle-tree-hash.ts'

const leaves = makeLeafHashes(1_100)

t.test(
  'has the roots that Certificate Transparency implementations test against',
  async (t) => {
    const records = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ]
    const roots = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    const hashes = records.map((record) => leafHash(Buffer.from(record, 'hex')))
    for (const [size, root] of roots.entries()) {
      const { frontier } = extendFrontier(emptyFrontier(), hashes.slice(0, size))
      t.equal(frontierRoot(frontier).toString('hex'), root, `size ${size}`)
    }
  },
)

t.test('has the root of RFC 6962 at every size, one leaf at a time', async (t) => {
  let frontier = emptyFrontier()
  for (const [size, leaf] of leaves.entries()) {
    if (!frontierRoot(frontier).equals(merkleTreeHash(leaves.slice(0, size)))) {
      t.fail(`size ${size}`)
    }
    frontier = extendFrontier(frontier, [leaf]).frontier
  }
  t.equal(frontier.size, 1_100)
  t.strictSame(frontierRoot(frontier), merkleTreeHash(leaves))
})

t.test('has the same root however the leaves were cut into batches', async () => {
  const batches = fc.array(fc.nat({ max: 300 }), { maxLength: 12 })
  fc.assert(
    fc.property(batches, (sizes) => {
      let frontier = emptyFrontier()
      for (const size of sizes) {
        const batch = leaves.slice(frontier.size, frontier.size + size)
        frontier = extendFrontier(frontier, batch).frontier
      }
      const expected = merkleTreeHash(leaves.slice(0, frontier.size))
      assert.deepEqual(frontierRoot(frontier), expected)
    }),
  )
})

t.test('tells which subtrees an append completed, at every height', async () => {
  const size = fc.nat({ max: 40 })
  fc.assert(
    fc.property(size, size, (before, count) => {
      const { frontier } = extendFrontier(emptyFrontier(), leaves.slice(0, before))
      const all = leaves.slice(0, before + count)
      const { completed } = extendFrontier(frontier, all.slice(before))
      const expected = []
      for (let height = 0; 2 ** height <= all.length; height++) {
        const width = 2 ** height
        const index = Math.floor(before / width)
        const hashes = []
        for (let i = index; (i + 1) * width <= all.length; i++) {
          hashes.push(merkleTreeHash(all.slice(i * width, (i + 1) * width)))
        }
        if (hashes.length > 0) expected.push({ height, index, hashes })
      }
      assert.deepEqual(completed, expected)
    }),
  )
})

t.test('leaves the frontier that it extends as it was', async (t) => {
  const { frontier } = extendFrontier(emptyFrontier(), leaves.slice(0, 7))
  const before = encodeFrontier(frontier)
  extendFrontier(frontier, leaves.slice(7, 20))
  t.equal(frontier.size, 7)
  t.strictSame(encodeFrontier(frontier), before)
})

t.test('reads back from its bytes, and grows on as before', async (t) => {
  for (const size of [0, 1, 2, 3, 255, 256, 1_023]) {
    const { frontier } = extendFrontier(emptyFrontier(), leaves.slice(0, size))
    const bytes = encodeFrontier(frontier)
    const decoded = decodeFrontier(size, bytes)
    bytes.fill(0)
    t.strictSame(decoded, frontier, `size ${size}`)
    const grown = extendFrontier(decoded, leaves.slice(size)).frontier
    t.strictSame(frontierRoot(grown), merkleTreeHash(leaves))
  }
})

t.test('grows past 2^32 leaves', async (t) => {
  const size = 2 ** 40 - 1
  const peaks = makeLeafHashes(40)
  const leaf = Buffer.alloc(32, 'leaf')
  const frontier = decodeFrontier(size, Buffer.concat(peaks))
  const { frontier: next, completed } = extendFrontier(frontier, [leaf])
  const root = peaks.reduceRight((right, left) => nodeHash(left, right), leaf)
  t.strictSame(next, { size: 2 ** 40, hashes: [root] })
  t.strictSame(
    completed.map(({ height, index }) => [height, index]),
    Array.from({ length: 41 }, (_, height) => [height, 2 ** (40 - height) - 1]),
  )
})

t.test('refuses bytes that are not the hashes of a log of that size', async (t) => {
  const cases: readonly (readonly [size: number, bytes: number, message: RegExp])[] = [
    [7, 64, /a log of size 7 has 3 hashes, not 2/],
    [7, 128, /a log of size 7 has 3 hashes, not 4/],
    [0, 32, /a log of size 0 has 0 hashes, not 1/],
    [2 ** 40, 64, /has 1 hashes, not 2/],
    [1, 33, /33 bytes, which is no multiple of 32/],
    [-1, 0, /an integer from 0 to 2\^53 − 1, not -1/],
    [1.5, 32, /not 1\.5/],
    [2 ** 53, 32, /not 9007199254740992/],
  ]
  for (const [size, bytes, message] of cases) {
    t.throws(() => decodeFrontier(size, Buffer.alloc(bytes)), {
      name: 'RangeError',
      message,
    })
  }
})

t.test(
  'refuses a frontier that contradicts itself, and leaves that are no hashes',
  async (t) => {
    const wrong = { size: 3, hashes: leaves.slice(0, 1) }
    const error = { name: 'RangeError', message: /a log of size 3 has 2 hashes, not 1/ }
    t.throws(() => extendFrontier(wrong, []), error)
    t.throws(() => frontierRoot(wrong), error)
    t.throws(() => encodeFrontier(wrong), error)
    t.throws(() => extendFrontier(emptyFrontier(), [Buffer.alloc(31)]), {
      name: 'RangeError',
      message: 'a hash has 32 bytes, not 31',
    })
  },
)
