import { createHash } from 'node:crypto'

/**
 * MTH of RFC 6962 section 2.1 over leaf hashes, as the RFC words it: recursive, without memory.
 * The tests hold the real thing against this.
 */
export function merkleTreeHash(leafHashes: readonly Buffer[]): Buffer {
  const n = leafHashes.length
  const [first] = leafHashes
  if (first === undefined) return createHash('sha256').digest()
  if (n === 1) return first
  let k = 1
  while (k * 2 < n) k *= 2
  return createHash('sha256')
    .update(Buffer.of(0x01))
    .update(merkleTreeHash(leafHashes.slice(0, k)))
    .update(merkleTreeHash(leafHashes.slice(k)))
    .digest()
}

/** Leaf hashes that differ from each other: enough for a tree, and cheaper than records. */
export function makeLeafHashes(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const hash = Buffer.alloc(32)
    hash.writeUInt32BE(index + 1, 28)
    return hash
  })
}
