import {
  appendLeaves,
  emptyFrontier,
  nodeHash,
  type ReadTile,
  type TileCoordinates,
} from '../../src/index.ts'

/** The tiles of a log with these leaves, at any size up to theirs. */
export function tilesOf(leafHashes: readonly Buffer[]): ReadTile {
  const tiles = new Map<string, Buffer>()
  for (const update of appendLeaves(emptyFrontier(), leafHashes).tiles) {
    tiles.set(`${update.level}/${update.index}`, update.hashes)
  }
  return ({ level, index, width }) => {
    const tile = tiles.get(`${level}/${index}`)
    if (tile === undefined || tile.length < width * 32) {
      throw new Error(`there is no tile ${level}/${index} of width ${width}`)
    }
    return tile.subarray(0, width * 32)
  }
}

/** The same, remembering what was read. */
export function watch(read: ReadTile): { read: ReadTile; seen: TileCoordinates[] } {
  const seen: TileCoordinates[] = []
  return {
    seen,
    read: (tile) => {
      seen.push(tile)
      return read(tile)
    },
  }
}

/**
 * A log of any size whose leaves are all the same: its hashes follow from their heights, and its
 * roots from its size, without a leaf being there.
 */
export function uniformLog(leaf: Buffer): {
  read: ReadTile
  root: (size: number) => Buffer
} {
  const complete = [leaf]
  for (let height = 0; height < 56; height++) {
    const node = complete[height] ?? leaf
    complete.push(nodeHash(node, node))
  }
  const root = (size: number): Buffer => {
    const height = Math.ceil(Math.log2(size))
    if (2 ** height === size) return complete[height] ?? leaf
    const left = 2 ** (height - 1)
    return nodeHash(root(left), root(size - left))
  }
  return {
    root,
    read: async ({ level, width }) =>
      Buffer.concat(new Array(width).fill(complete[8 * level])),
  }
}
