import { hash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** The length of every salt: enough that a short value cannot be guessed from its commitment. */
export const saltBytes = 16

// The private data of nearly every event fits; a longer text gets a buffer of its own.
const scratch = Buffer.alloc(8_192)

/**
 * A commitment to a value that stays detached from the record, so that it can be erased:
 * base64(SHA-256(salt ‖ canonical JSON)). Without its salt, it tells nothing of the value.
 *
 * @param salt 16 random bytes, used for this value only
 * @throws RangeError if the salt is not 16 bytes long
 * @throws TypeError if the value has no canonical JSON
 */
export function commitment(salt: Uint8Array, value: unknown): string {
  return commitmentOfText(salt, canonicalJson(value))
}

/**
 * As {@link commitment}, of a value whose canonical JSON text is at hand. The text is not checked.
 * @throws RangeError if the salt is not 16 bytes long
 */
export function commitmentOfText(salt: Uint8Array, canonicalText: string): string {
  if (salt.length !== saltBytes) {
    throw new RangeError(
      `the salt of a commitment has ${saltBytes} bytes, not ${salt.length}`,
    )
  }
  // A UTF-16 code unit is at most 3 bytes of UTF-8.
  const most = saltBytes + 3 * canonicalText.length
  const input = most <= scratch.length ? scratch : Buffer.alloc(most)
  input.set(salt)
  const end = saltBytes + input.write(canonicalText, saltBytes, 'utf8')
  return hash('sha256', input.subarray(0, end), 'base64')
}

/** Whether this is the commitment to this value under this salt: false, not an error, for an unfit salt or value. */
export function verifyCommitment(
  salt: Uint8Array,
  value: unknown,
  expected: string,
): boolean {
  if (salt.length !== saltBytes) return false
  try {
    return commitment(salt, value) === expected
  } catch (error) {
    // A value without canonical JSON (a lone surrogate, say) was never committed to.
    if (error instanceof TypeError) return false
    throw error
  }
}
