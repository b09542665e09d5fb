import { emptyFrontier, frontierRoot } from './frontier.ts'
import { hashBytes, nodeHash } from './hash.ts'
import { hashRanges, type LeafRange } from './hash-ranges.ts'
import { checkSize, isSize, largestPowerOfTwo } from './sizes.ts'
import type { ReadTile } from './tile.ts'

const emptyRoot = frontierRoot(emptyFrontier())

/**
 * Proves that the log of `newSize` leaves begins with the log of `oldSize` leaves. There is nothing
 * to prove, and no hash in the proof, for an empty log and for equal sizes.
 *
 * @throws RangeError if a size is not an integer from 0 to 2^53 − 1, the old one is above the new
 *   one, or a tile has fewer hashes than it should
 * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1.2
 */
export async function consistencyProof(
  oldSize: number,
  newSize: number,
  read: ReadTile,
): Promise<Buffer[]> {
  checkSize(oldSize)
  checkSize(newSize)
  if (oldSize > newSize) {
    throw new RangeError(
      `a log of size ${newSize} has grown from at most ${newSize} leaves, not from ${oldSize}`,
    )
  }
  if (oldSize === 0) return []
  return await hashRanges(provingRanges(oldSize, newSize), newSize, read)
}

/**
 * Whether the proof shows that the new log begins with the old one. Anything unfit is false, not an
 * error. Every log begins with the empty one, whose root is the hash of no bytes.
 * @see https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4.2
 */
export function verifyConsistency(
  oldSize: number,
  oldRoot: Uint8Array,
  newSize: number,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize) return false
  if (![oldRoot, newRoot, ...proof].every((hash) => hash.length === hashBytes)) {
    return false
  }
  if (oldSize === newSize) {
    const known = newSize > 0 || emptyRoot.equals(newRoot)
    return known && proof.length === 0 && Buffer.compare(oldRoot, newRoot) === 0
  }
  if (oldSize === 0) return proof.length === 0 && emptyRoot.equals(oldRoot)
  if (proof.length === 0) return false

  // A power of two is one complete subtree, which the proof leaves out: it is the old root.
  const complete = largestPowerOfTwo(oldSize) === oldSize
  const [first, ...rest] = complete ? [oldRoot, ...proof] : proof
  if (first === undefined) return false
  let position = oldSize - 1
  let last = newSize - 1
  while (position % 2 === 1) {
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  let oldNode: Buffer = Buffer.from(first)
  let newNode: Buffer = oldNode
  for (const hash of rest) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      oldNode = nodeHash(hash, oldNode)
      newNode = nodeHash(hash, newNode)
      while (position % 2 === 0 && position !== 0) {
        position /= 2
        last = Math.floor(last / 2)
      }
    } else {
      newNode = nodeHash(newNode, hash)
    }
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && oldNode.equals(oldRoot) && newNode.equals(newRoot)
}

function provingRanges(oldSize: number, newSize: number): LeafRange[] {
  const ranges: LeafRange[] = []
  let start = 0
  let end = newSize
  while (end !== oldSize) {
    const middle = start + largestPowerOfTwo(end - start - 1)
    if (oldSize <= middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  if (start > 0) ranges.push({ start, end })
  return ranges.reverse()
}
