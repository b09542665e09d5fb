import { checkHash } from '../merkle/hash.ts'
import { decodeHash, encodeBase64 } from '../text/base64.ts'
import { MalformedError } from '../text/malformed-error.ts'

// A tree of 2^63 leaves has no longer proof (c2sp.org/tlog-witness).
const maxHashes = 63

export function formatHashes(hashes: readonly Uint8Array[]): string {
  checkCount(hashes.length)
  for (const hash of hashes) checkHash(hash)
  return hashes.map((hash) => `${encodeBase64(hash)}\n`).join('')
}

export function parseHashes(lines: readonly string[]): Buffer[] {
  checkCount(lines.length)
  return lines.map((line) => decodeHash('hash of a proof', line))
}

function checkCount(count: number): void {
  if (count > maxHashes) {
    throw new MalformedError(`proof of ${count} hashes`, `at most ${maxHashes}`)
  }
}
