import { createHash } from 'node:crypto'
import { CustodyError, type Extent } from '@custody/domain'
import { findExtent } from '@custody/file-index'
import { openExtent } from '../files/open-extent.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import type { DigestSource, DigestThread } from '../uploads/digests/digest-thread.ts'
import { isDamage } from './damage-log.ts'

/**
 * `unreadable`: the storage is at fault, and what it holds may be right · `unread`: nothing is known to be wrong with it, nor that it is right, as its master key is not here · `absent`: the log
 * was imported without it.
 */
export type ExtentCheck =
  | { readonly kind: 'whole' | 'unread' | 'absent' }
  | { readonly kind: 'damaged' | 'unreadable'; readonly error: CustodyError }

export type CheckOptions = {
  /** Called for so many bytes before they are read on; it takes its time. */
  readonly pace?: (bytes: number, signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Reads an extent from its first byte to its last: whether what seals it is whole, and the content has the SHA-256 that
 * was recorded. It holds no more than a few chunks of it.
 *
 * @throws CustodyError `overloaded`; what the signal says
 */
export async function checkExtent(
  { log, blobs, keys }: Pick<ServiceEnvironment, 'log' | 'blobs' | 'keys'>,
  digests: DigestThread,
  extent: Extent,
  options: CheckOptions,
): Promise<ExtentCheck> {
  try {
    const { sql } = log.reader
    const row = await findExtent(sql, extent.id)
    if (!row) throw damaged('is missing', extent)
    const opened = await openExtent({ sql, blobs, keys }, row, extent)
    const { pace, signal } = options
    let sha256: string | undefined
    if (opened.inline) sha256 = await digestHere(paced([opened.inline], options))
    else if (opened.place && !pace) {
      sha256 = await digestOf(digests, { place: opened.place })
    } else {
      const chunks = opened.read(0, extent.bytes, { signal, reuse: true })
      sha256 = await digestOf(digests, paced(chunks, options))
    }
    if (sha256 === extent.sha256) return { kind: 'whole' }
    throw damaged('has not the SHA-256 that was recorded with it', extent)
  } catch (error) {
    if (isDamage(error)) return { kind: 'damaged', error }
    if (!(error instanceof CustodyError)) throw error
    if (error.key === 'master_key_missing') return { kind: 'unread' }
    if (error.key === 'content_not_imported') return { kind: 'absent' }
    if (error.key === 'internal_error') return { kind: 'unreadable', error }
    throw error
  }
}

/** Of what is small: it takes less than to hand it to a thread. */
async function digestHere(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of content) hash.update(chunk)
  return hash.digest('hex')
}

async function digestOf(
  digests: DigestThread,
  content: DigestSource,
): Promise<string | undefined> {
  const digest = digests.open(['sha256'])
  try {
    await digest.add(content)
    return (await digest.end()).sha256
  } finally {
    digest.cancel()
  }
}

async function* paced(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { pace, signal }: CheckOptions,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    await pace?.(chunk.length, signal)
    yield chunk
  }
}

function damaged(how: string, { id }: Extent): CustodyError {
  return new CustodyError(
    'content_damaged',
    `Stored content is damaged: extent ${id} ${how}`,
  )
}
