import { createHash, type Hash } from 'node:crypto'
import { CustodyError, quote } from '@custody/domain/errors'

/** One member of the dictionary: a key and a byte sequence; parameters are allowed and mean nothing here. */
const memberForm = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):(?:;.*)?$/

const algorithms: ReadonlyMap<string, { name: string; bytes: number }> = new Map([
  ['sha-256', { name: 'sha256', bytes: 32 }],
  ['sha-512', { name: 'sha512', bytes: 64 }],
])

/** Checks a body against the `Content-Digest` of its request while it streams. */
export type ContentDigest = {
  update(chunk: Uint8Array): void
  /** After the last byte. @throws CustodyError `digest_mismatch` */
  check(): void
}

/**
 * The digests of a request's `Content-Digest`; undefined when it names none that we know. Algorithms that we do
 * not know are ignored, as RFC 9530 §2 has it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9530#section-2
 * @throws CustodyError `invalid_value` when the field does not parse
 */
export function contentDigest(
  header: string | string[] | undefined,
): ContentDigest | undefined {
  if (header === undefined) return undefined
  const checks = parseDictionary(Array.isArray(header) ? header.join(', ') : header)
  if (checks.length === 0) return undefined
  return {
    update: (chunk) => {
      for (const { hash } of checks) hash.update(chunk)
    },
    check: () => {
      for (const { key, hash, expected } of checks) {
        const actual = hash.digest()
        if (actual.equals(expected)) continue
        throw new CustodyError(
          'digest_mismatch',
          `The ${key} of the body is '${actual.toString('base64')}', ` +
            `but Content-Digest says '${expected.toString('base64')}'.`,
          { param: 'Content-Digest' },
        )
      }
    },
  }
}

function parseDictionary(
  header: string,
): { key: string; hash: Hash; expected: Buffer }[] {
  const checks = []
  for (const text of header.split(',')) {
    const match = memberForm.exec(text.trim())
    const [, key, base64] = match ?? []
    if (key === undefined || base64 === undefined) throw malformed(text)
    const algorithm = algorithms.get(key)
    if (algorithm === undefined) continue
    const expected = Buffer.from(base64, 'base64')
    if (expected.length !== algorithm.bytes) throw malformed(text)
    checks.push({ key, hash: createHash(algorithm.name), expected })
  }
  return checks
}

function malformed(member: string): CustodyError {
  return new CustodyError(
    'invalid_value',
    `Invalid Content-Digest: expected such as 'sha-256=:<base64>:', but got ${quote(member.trim())} instead.`,
    { param: 'Content-Digest' },
  )
}
