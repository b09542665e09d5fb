import { hash } from 'node:crypto'

/** The length of every hash here: SHA-256. */
export const hashBytes = 32

const leafPrefix = 0x00
const nodePrefix = 0x01

// Hashing a prefix and its input in one call of `hash` costs half of a streaming hash. The input
// is joined here rather than in a buffer per call; nothing reads it after the call.
const leafInput = Buffer.alloc(1 + 65_535)
const nodeInput = Buffer.alloc(1 + 2 * hashBytes)
leafInput[0] = leafPrefix
nodeInput[0] = nodePrefix

// A digest as a text of bytes, copied into a pooled buffer, takes half of the time of one that
// `hash` allocates as a buffer.
function sha256(input: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', input, 'binary'), 'binary')
}

/**
 * The leaf hash of a record: SHA-256(0x00 ‖ record).
 * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 */
export function leafHash(record: Uint8Array): Buffer {
  const length = 1 + record.length
  if (length > leafInput.length) {
    return sha256(Buffer.concat([leafInput.subarray(0, 1), record]))
  }
  leafInput.set(record, 1)
  return sha256(leafInput.subarray(0, length))
}

/** As {@link leafHash}, of a record that is at hand as a text; in lower-case hex. */
export function leafHashOfText(record: string): string {
  if (record.length * 3 < leafInput.length) {
    const length = 1 + leafInput.write(record, 1, 'utf8')
    return hash('sha256', leafInput.subarray(0, length), 'hex')
  }
  return leafHash(Buffer.from(record)).toString('hex')
}

/**
 * The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
 * @throws RangeError if a side is not 32 bytes long
 * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  checkHash(left)
  checkHash(right)
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + hashBytes)
  return sha256(nodeInput)
}

// The bytes of the pairs of a tile, with room for a prefix before the first. When a pair is hashed, the one before it has
// been, so that its last byte can be the prefix: no pair is copied to a place of its own.
const pairBytes = Buffer.alloc(1 + 256 * hashBytes)
const pairInputs = Array.from({ length: 128 }, (_, pair) => {
  const start = pair * 2 * hashBytes
  return pairBytes.subarray(start, start + 1 + 2 * hashBytes)
})

/**
 * Hashes pairs of neighbours: `count` hashes at the start of `below`, at most 256, become half as many.
 * An odd one at the end is left out.
 */
export function hashPairs(below: Uint8Array, count: number): Buffer {
  const inputs = pairInputs.slice(0, Math.floor(count / 2))
  const above = Buffer.alloc(inputs.length * hashBytes)
  pairBytes.set(below.subarray(0, inputs.length * 2 * hashBytes), 1)
  let end = 0
  for (const input of inputs) {
    input[0] = nodePrefix
    end += above.write(hash('sha256', input, 'binary'), end, 'binary')
  }
  return above
}

export function checkHash(bytes: Uint8Array): void {
  if (bytes.length !== hashBytes) {
    throw new RangeError(`a hash has ${hashBytes} bytes, not ${bytes.length}`)
  }
}
