import type { ByteRange } from '../byte-range.ts'
import { openBox } from './box.ts'
import { damaged } from './damaged.ts'
import { openSeekable } from './open-seekable.ts'
import { openStream } from './open-stream.ts'
import { isCompressed, type SealedFormat } from './sealed-formats.ts'
import type { ReadStored } from './stored-bytes.ts'
import { readFrameSync } from './zstd-frame.ts'

/** What it takes to open an extent. */
export type SealedExtent = {
  readonly format: SealedFormat
  readonly dataKey: Uint8Array
  /** Bytes of the content. */
  readonly bytes: number
  /** Bytes as they are stored. */
  readonly storedBytes: number
}

/** Whether an extent of this format is opened as a whole, by {@link openSealedBox}. */
export function isBox(format: SealedFormat): boolean {
  return format === 'sealed-box' || format === 'sealed-box+zstd'
}

/** @throws CustodyError `content_damaged` */
export function openSealedBox(
  { format, dataKey, bytes }: Omit<SealedExtent, 'storedBytes'>,
  stored: Uint8Array,
): Uint8Array {
  const box = openBox(dataKey, stored)
  const content = isCompressed(format) ? readFrameSync(box, bytes) : box
  if (content.length !== bytes) throw damaged(wrongLength(content.length, bytes))
  return content
}

/**
 * Yields a range of a sealed extent's content. Only the segments that have a part of it are read, beside those with the
 * seek table; nothing is yielded that is not authentic.
 *
 * Yields `content_damaged` where the damage begins, if there is any in those segments.
 */
export async function* readSealed(
  extent: SealedExtent,
  read: ReadStored,
  { start, end, signal }: ByteRange & { readonly signal?: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const options = signal ? { signal } : {}
  const { dataKey, bytes, storedBytes, format } = extent
  if (isBox(format)) {
    const stored: Uint8Array[] = []
    for await (const chunk of read(0, storedBytes, options)) stored.push(chunk)
    yield openSealedBox(extent, Buffer.concat(stored)).subarray(start, end)
    return
  }
  const stream = await openStream({ dataKey, read, storedBytes, ...options })
  const opened = isCompressed(format)
    ? await openSeekable({ read: stream.read, storedBytes: stream.bytes, ...options })
    : stream
  if (opened.bytes !== bytes) throw damaged(wrongLength(opened.bytes, bytes))
  yield* opened.read(start, end, options)
}

function wrongLength(is: number, expected: number): string {
  return `it has ${is} bytes in place of ${expected}`
}
