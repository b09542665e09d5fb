import { hashBytes, nodeHash } from './hash.ts'
import { hashRanges, type LeafRange } from './hash-ranges.ts'
import { checkSize, isSize, largestPowerOfTwo } from './sizes.ts'
import type { ReadTile } from './tile.ts'

/**
 * Proves that a leaf is in the log of `treeSize` leaves: the hashes of its siblings, from the leaf's
 * own up to the root's child. It reads at most two tiles of each level: in a log of a million leaves,
 * five of 8 KiB or less.
 *
 * @param index of the leaf, from 0
 * @throws RangeError if the index is not below the size, or a tile has fewer hashes than it should
 * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1.1
 */
export async function inclusionProof(
  index: number,
  treeSize: number,
  read: ReadTile,
): Promise<Buffer[]> {
  checkSize(treeSize)
  if (!isSize(index) || index >= treeSize) {
    throw new RangeError(
      `the index of a leaf is an integer from 0 to ${treeSize - 1} in a log of size ${treeSize}, not ${index}`,
    )
  }
  return await hashRanges(siblings(index, treeSize), treeSize, read)
}

/**
 * Whether the proof shows that the leaf is at this index of the log of this size and root. Anything
 * unfit is false, not an error.
 * @see https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
 */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  treeSize: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isSize(index) || !isSize(treeSize) || index >= treeSize) return false
  if (![leafHash, ...proof].every((hash) => hash.length === hashBytes)) return false

  let node: Buffer = Buffer.from(leafHash)
  let position = index
  let last = treeSize - 1
  for (const sibling of proof) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      node = nodeHash(sibling, node)
      // On the right edge, the levels where the node has no sibling are not in the proof.
      while (position % 2 === 0 && position !== 0) {
        position /= 2
        last = Math.floor(last / 2)
      }
    } else {
      node = nodeHash(node, sibling)
    }
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && node.equals(root)
}

function siblings(index: number, treeSize: number): LeafRange[] {
  const ranges: LeafRange[] = []
  let start = 0
  let end = treeSize
  while (end - start > 1) {
    const middle = start + largestPowerOfTwo(end - start - 1)
    if (index < middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  return ranges.reverse()
}
