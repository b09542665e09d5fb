import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  appendLeaves,
  decodeFrontier,
  emptyFrontier,
  type Frontier,
  frontierRoot,
  type TileUpdate,
} from '../../src/index.ts'
import { makeLeafHashes, merkleTreeHash } from './merkle-tree-hash.ts'

type Tiles = Map<string, Buffer>

const leaves = makeLeafHashes(66_000)

/** The tiles of a tree by the definition in C2SP tlog-tiles, entry by entry. */
function tilesFromScratch(leafHashes: readonly Buffer[]): Tiles {
  const tiles: Tiles = new Map()
  for (let level = 0; 256 ** level <= leafHashes.length; level++) {
    const span = 256 ** level
    for (let entry = 0; (entry + 1) * span <= leafHashes.length; entry++) {
      const key = `${level}/${Math.floor(entry / 256)}`
      const hash = merkleTreeHash(leafHashes.slice(entry * span, (entry + 1) * span))
      tiles.set(key, Buffer.concat([tiles.get(key) ?? Buffer.alloc(0), hash]))
    }
  }
  return tiles
}

/** What a table of tiles does with an update. */
function applyUpdate(tiles: Tiles, { level, index, offset, hashes }: TileUpdate): void {
  const key = `${level}/${index}`
  const tile = tiles.get(key) ?? Buffer.alloc(0)
  if (tile.length !== offset * 32)
    throw new Error(`${key} has ${tile.length} bytes at ${offset}`)
  if (hashes.length === 0) throw new Error(`${key} gets nothing`)
  if (tile.length + hashes.length > 8_192) throw new Error(`${key} overflows`)
  tiles.set(key, Buffer.concat([tile, hashes]))
}

function appendAll(batchSizes: readonly number[]): { frontier: Frontier; tiles: Tiles } {
  const tiles: Tiles = new Map()
  let frontier = emptyFrontier()
  for (const size of batchSizes) {
    const append = appendLeaves(
      frontier,
      leaves.slice(frontier.size, frontier.size + size),
    )
    for (const update of append.tiles) applyUpdate(tiles, update)
    frontier = append.frontier
  }
  return { frontier, tiles }
}

t.test(
  'fills the same tiles in random batches as from scratch, across tile bounds',
  async () => {
    const batches = fc.array(fc.nat({ max: 600 }), { maxLength: 5 })
    fc.assert(
      fc.property(batches, (sizes) => {
        const { frontier, tiles } = appendAll(sizes)
        assert.deepEqual(tiles, tilesFromScratch(leaves.slice(0, frontier.size)))
      }),
      { numRuns: 50 },
    )
  },
)

t.test('fills tiles one leaf at a time, up to the second tile', async (t) => {
  const { frontier, tiles } = appendAll(new Array(258).fill(1))
  t.equal(frontier.size, 258)
  t.strictSame(tiles, tilesFromScratch(leaves.slice(0, 258)))
  t.strictSame([...tiles.keys()], ['0/0', '1/0', '0/1'])
})

t.test('fills three levels of tiles past 65,536 leaves', async (t) => {
  const { frontier, tiles } = appendAll([65_000, 500, 35, 1, 1, 300, 163])
  t.equal(frontier.size, 66_000)
  t.strictSame(tiles, tilesFromScratch(leaves))
  t.equal(tiles.get('2/0')?.length, 32)
  t.strictSame(frontierRoot(frontier), merkleTreeHash(leaves))
})

t.test('reaches a higher level only where a subtree became complete', async (t) => {
  const { frontier } = appendAll([255])
  const updates = appendLeaves(frontier, leaves.slice(255, 258)).tiles
  t.strictSame(
    updates.map(({ level, index, offset, hashes }) => [
      level,
      index,
      offset,
      hashes.length,
    ]),
    [
      [0, 0, 255, 32],
      [0, 1, 0, 64],
      [1, 0, 0, 32],
    ],
  )
  t.strictSame(updates[2]?.hashes, merkleTreeHash(leaves.slice(0, 256)))
})

t.test('changes nothing for no leaves', async (t) => {
  const { frontier } = appendAll([300])
  t.strictSame(appendLeaves(frontier, []), { frontier, tiles: [] })
})

t.test('names the right tiles past 2^32 leaves', async (t) => {
  const frontier = decodeFrontier(2 ** 40 - 1, Buffer.concat(makeLeafHashes(40)))
  const { tiles } = appendLeaves(frontier, makeLeafHashes(2))
  t.strictSame(
    tiles.map(({ level, index, offset, hashes }) => [
      level,
      index,
      offset,
      hashes.length,
    ]),
    [
      [0, 2 ** 32 - 1, 255, 32],
      [0, 2 ** 32, 0, 32],
      [1, 2 ** 24 - 1, 255, 32],
      [2, 2 ** 16 - 1, 255, 32],
      [3, 2 ** 8 - 1, 255, 32],
      [4, 0, 255, 32],
      [5, 0, 0, 32],
    ],
  )
})
