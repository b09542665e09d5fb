import { createHash } from 'node:crypto'
import { CustodyError, type Extent } from '@custody/domain'

/** Makes the SHA-256 of stored content, as lower-case hex, unless it is told to stop. */
export type MakeDigest = (signal: AbortSignal) => Promise<string>

/**
 * Passes on a content that is read as a whole. Meanwhile its digest is made from the same file, by a thread: hashing
 * here would take longer than all the rest. The last chunk is passed on only when the digest is the right one.
 *
 * Yields `content_damaged` in place of the last chunk where it is another.
 */
export async function* checkDigest(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { bytes, sha256 }: Pick<Extent, 'bytes' | 'sha256'>,
  makeDigest: MakeDigest,
): AsyncGenerator<Uint8Array> {
  const controller = new AbortController()
  const digest = makeDigest(controller.signal)
  digest.catch(() => {})
  try {
    let left = bytes
    for await (const chunk of chunks) {
      left -= chunk.length
      if (left === 0 && (await digest) !== sha256) throw otherDigest()
      yield chunk
    }
  } finally {
    controller.abort()
  }
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
