import type { ByteRange, ReadOptions } from '../byte-range.ts'
import { damaged } from './damaged.ts'

/** Reads bytes of one stored object, from `start` (inclusive) to `end` (exclusive), in chunks of any size. */
export type ReadStored = (
  start: number,
  end: number,
  options: Omit<ReadOptions, keyof ByteRange>,
) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * Cuts chunks into pieces of given lengths, one after the other. A piece that lies in one chunk is not copied.
 *
 * @param reuse Whether a piece is no longer needed when the next one is asked for: its memory then serves again.
 *
 * @throws CustodyError `content_damaged` when the chunks end too early
 */
export async function* cut(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  lengths: Iterable<number>,
  reuse = false,
): AsyncGenerator<Uint8Array> {
  const wanted = lengths[Symbol.iterator]()
  let next = wanted.next()
  let piece: Uint8Array | undefined
  let filled = 0
  let spare: Uint8Array | undefined
  for await (const chunk of chunks) {
    let rest = chunk
    while (!next.done && rest.length > 0) {
      const length = next.value
      const part = rest.subarray(0, length - filled)
      rest = rest.subarray(part.length)
      if (part.length === length) yield part
      else {
        piece ??=
          spare && spare.length >= length
            ? spare.subarray(0, length)
            : Buffer.allocUnsafeSlow(length)
        piece.set(part, filled)
        filled += part.length
        if (filled < length) continue
        yield piece
        if (reuse && piece.length >= (spare?.length ?? 0)) spare = piece
      }
      piece = undefined
      filled = 0
      next = wanted.next()
    }
    if (next.done) return
  }
  if (!next.done) throw damaged('it ends too early')
}

/** @throws CustodyError `content_damaged` when there is less than that */
export async function readWhole(
  read: ReadStored,
  start: number,
  end: number,
  options: { readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  if (start === end) return new Uint8Array()
  for await (const piece of cut(read(start, end, options), [end - start])) return piece
  throw damaged('it ends too early')
}
