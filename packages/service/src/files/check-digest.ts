import { createHash } from 'node:crypto'
import { CustodyError } from '@custody/domain'

/**
 * Passes on a content that is read as a whole, and holds each chunk back until the next one is there: the last is passed
 * on only when all of them together have the digest. It is made here, as handing a chunk to a thread costs as much.
 *
 * Yields `content_damaged` in place of the last chunk where they have another.
 */
export async function* checkDigest(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let held: Uint8Array | undefined
  for await (const chunk of chunks) {
    if (held) yield held
    hash.update(chunk)
    held = chunk
  }
  if (hash.digest('hex') !== sha256) throw otherDigest()
  if (held) yield held
}

/** @throws CustodyError `content_damaged` */
export function requireDigest(content: Uint8Array, sha256: string): void {
  if (createHash('sha256').update(content).digest('hex') !== sha256) throw otherDigest()
}

function otherDigest(): CustodyError {
  return new CustodyError(
    'content_damaged',
    'Stored content is damaged: it has not the SHA-256 that was recorded with it',
  )
}
