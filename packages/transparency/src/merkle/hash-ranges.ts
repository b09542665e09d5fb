import { type Frontier, frontierRoot } from './frontier.ts'
import { hashBytes } from './hash.ts'
import { checkSize, largestPowerOfTwo } from './sizes.ts'
import {
  type ExpandedTile,
  expandTile,
  locateSubtree,
  type ReadTile,
  tileWidthAt,
} from './tile.ts'

/**
 * Leaves from `start` up to, and without, `end`, as a proof needs them: `start` is a multiple of
 * each power of two that is not above their number.
 */
export type LeafRange = { readonly start: number; readonly end: number }

/** The Merkle tree hash of each range of a log of `treeSize` leaves. Each tile is read once. */
export async function hashRanges(
  ranges: readonly LeafRange[],
  treeSize: number,
  read: ReadTile,
): Promise<Buffer[]> {
  const frontiers = await readFrontiers(ranges, treeSize, read)
  return frontiers.map(frontierRoot)
}

/**
 * The frontier of a log of `treeSize` leaves, from its tiles: for {@link frontierRoot}, or to grow on.
 * Reads one tile of each level at most, all of them partial.
 * @throws RangeError if the size is not an integer from 0 to 2^53 − 1, or a tile has fewer hashes
 *   than it should
 */
export async function readFrontier(treeSize: number, read: ReadTile): Promise<Frontier> {
  checkSize(treeSize)
  const [frontier] = await readFrontiers([{ start: 0, end: treeSize }], treeSize, read)
  return frontier ?? { size: 0, hashes: [] }
}

async function readFrontiers(
  ranges: readonly LeafRange[],
  treeSize: number,
  read: ReadTile,
): Promise<Frontier[]> {
  const splits = ranges.map((range) => ({
    size: range.end - range.start,
    subtrees: splitRange(range),
  }))
  const tiles = new Map<string, Promise<ExpandedTile>>()
  for (const { level, index } of splits.flatMap((split) => split.subtrees)) {
    const key = `${level}/${index}`
    if (!tiles.has(key)) tiles.set(key, readTile(level, index, treeSize, read))
  }
  await Promise.all(tiles.values())

  const frontiers: Frontier[] = []
  for (const { size, subtrees } of splits) {
    const hashes: Buffer[] = []
    for (const { level, index, layer, offset } of subtrees) {
      const tile = await tiles.get(`${level}/${index}`)
      const nodes = tile?.layers[layer] ?? new Uint8Array()
      const start = offset * hashBytes
      // A copy: the tile may be somebody's to keep.
      hashes.push(Buffer.from(nodes.subarray(start, start + hashBytes)))
    }
    frontiers.push({ size, hashes })
  }
  return frontiers
}

/** The complete subtrees that a range consists of, from left (the largest) to right. */
function splitRange({ start, end }: LeafRange): ReturnType<typeof locateSubtree>[] {
  const subtrees = []
  for (let from = start; from < end; ) {
    const leaves = largestPowerOfTwo(end - from)
    subtrees.push(locateSubtree(Math.log2(leaves), from / leaves))
    from += leaves
  }
  return subtrees
}

async function readTile(
  level: number,
  index: number,
  treeSize: number,
  read: ReadTile,
): Promise<ExpandedTile> {
  const width = tileWidthAt(level, index, treeSize)
  const tile = await read({ level, index, width })
  const expanded = tile instanceof Uint8Array
  const actual = expanded ? tile.length / hashBytes : tile.width
  if (actual < width) {
    throw new RangeError(
      `tile ${level}/${index} of a log of size ${treeSize} has ${width} hashes, not ${actual}`,
    )
  }
  return expanded ? expandTile(tile.subarray(0, width * hashBytes)) : tile
}
