import { hash } from 'node:crypto'
import { checkHash, hashBytes, nodeHash } from './hash.ts'
import { checkSize } from './sizes.ts'

/**
 * All that a log must remember to grow: the roots of the complete subtrees that a tree of this
 * size splits into, from left (the largest) to right. Their sizes are the powers of two of `size`,
 * so there are as many as `size` has one bits. Also known as a compact range.
 */
export type Frontier = {
  /** Leaves in the tree: an integer from 0 to 2^53 − 1. */
  readonly size: number
  readonly hashes: readonly Buffer[]
}

/** Consecutive complete subtrees of one height. */
export type SubtreeRun = {
  /** Their height: each has 2^height leaves; at height 0 it is one leaf. */
  readonly height: number
  /** Where the first stands among all subtrees of its height, from 0. */
  readonly index: number
  readonly hashes: readonly Buffer[]
}

/** What a frontier has become. */
export type Extension = {
  readonly frontier: Frontier
  /** Every subtree that the new leaves completed, the leaves among them: one run per height from 0 up. */
  readonly completed: readonly SubtreeRun[]
}

/** The frontier of a log without leaves. */
export function emptyFrontier(): Frontier {
  return { size: 0, hashes: [] }
}

/**
 * Appends leaves, by their hashes. The given frontier stays as it is.
 * @throws RangeError if a hash is not 32 bytes long, or the frontier contradicts itself
 */
export function extendFrontier(
  frontier: Frontier,
  leafHashes: readonly Buffer[],
): Extension {
  const size = frontier.size + leafHashes.length
  checkSize(size)
  checkCount(frontier.size, frontier.hashes.length)
  for (const leaf of leafHashes) checkHash(leaf)

  const completed: SubtreeRun[] = []
  const peaks: Buffer[] = [] // from right to left
  let kept = frontier.hashes.length
  let hashes = leafHashes
  let index = frontier.size
  for (let height = 0; hashes.length > 0; height++) {
    completed.push({ height, index, hashes })
    // At an odd index, the first of the run is the right sibling of the frontier's last peak.
    let left = index % 2 === 1 ? frontier.hashes[--kept] : undefined
    const parents: Buffer[] = []
    for (const node of hashes) {
      if (left === undefined) {
        left = node
      } else {
        parents.push(nodeHash(left, node))
        left = undefined
      }
    }
    if (left !== undefined) peaks.push(left)
    hashes = parents
    index = Math.floor(index / 2)
  }
  return {
    frontier: { size, hashes: [...frontier.hashes.slice(0, kept), ...peaks.reverse()] },
    completed,
  }
}

/**
 * The Merkle tree hash of the log; of an empty log, the hash of no bytes.
 * @throws RangeError if the frontier contradicts itself
 * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 */
export function frontierRoot(frontier: Frontier): Buffer {
  checkCount(frontier.size, frontier.hashes.length)
  const root = frontier.hashes.reduceRight<Buffer | undefined>(
    (right, left) => (right === undefined ? left : nodeHash(left, right)),
    undefined,
  )
  return root ?? hash('sha256', '', 'buffer')
}

/** The frontier's hashes, one after the other; its size is stored beside them. */
export function encodeFrontier(frontier: Frontier): Buffer {
  checkCount(frontier.size, frontier.hashes.length)
  return Buffer.concat(frontier.hashes)
}

/**
 * Reads what {@link encodeFrontier} wrote for a log of `size` leaves.
 * @throws RangeError if the bytes are not exactly the hashes that a log of this size has
 */
export function decodeFrontier(size: number, bytes: Uint8Array): Frontier {
  checkSize(size)
  if (bytes.length % hashBytes !== 0) {
    throw new RangeError(
      `the frontier has ${bytes.length} bytes, which is no multiple of ${hashBytes}`,
    )
  }
  checkCount(size, bytes.length / hashBytes)
  const hashes: Buffer[] = []
  for (let start = 0; start < bytes.length; start += hashBytes) {
    // A copy: the caller may use its buffer again.
    hashes.push(Buffer.from(bytes.subarray(start, start + hashBytes)))
  }
  return { size, hashes }
}

function checkCount(size: number, count: number): void {
  checkSize(size)
  const expected = countOneBits(size)
  if (count !== expected) {
    throw new RangeError(
      `the frontier of a log of size ${size} has ${expected} hashes, not ${count}`,
    )
  }
}

// Bitwise operators would cut the size to 32 bits.
function countOneBits(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}
