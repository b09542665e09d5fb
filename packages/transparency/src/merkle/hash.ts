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

/**
 * The leaf hash of a record: SHA-256(0x00 ‖ record).
 * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 */
export function leafHash(record: Uint8Array): Buffer {
  const length = 1 + record.length
  if (length > leafInput.length) {
    return hash('sha256', Buffer.concat([leafInput.subarray(0, 1), record]), 'buffer')
  }
  leafInput.set(record, 1)
  return hash('sha256', leafInput.subarray(0, length), 'buffer')
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
  return hash('sha256', nodeInput, 'buffer')
}

export function checkHash(bytes: Uint8Array): void {
  if (bytes.length !== hashBytes) {
    throw new RangeError(`a hash has ${hashBytes} bytes, not ${bytes.length}`)
  }
}
