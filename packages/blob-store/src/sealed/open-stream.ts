import { damaged } from './damaged.ts'
import { type SegmentCipher, segmentCipher } from './segment-cipher.ts'
import {
  HEADER_BYTES,
  layoutOf,
  plainStart,
  type SegmentLayout,
  segmentAt,
  storedRange,
} from './segment-layout.ts'
import { cut, type ReadStored, readWhole } from './stored-bytes.ts'

type SignalOption = { readonly signal?: AbortSignal }

/** A sealed stream that can be read at any offset. */
export interface OpenedStream {
  /** Bytes that were sealed. */
  readonly bytes: number
  /**
   * The content from `start` (inclusive) to `end` (exclusive). Reads and opens the segments that have a part of it, and
   * no others; no byte of a segment is given before the whole segment is known to be authentic.
   *
   * Yields `content_damaged` at the first segment that is not.
   */
  read: ReadStored
}

export type OpenStreamOptions = SignalOption & {
  readonly dataKey: Uint8Array
  /** Reads the stored stream. */
  readonly read: ReadStored
  /** Bytes of the stored stream. */
  readonly storedBytes: number
  readonly segmentBytes?: number
  readonly associatedData?: Uint8Array
}

/** @throws CustodyError `content_damaged` if there is no header, or no stream has this length */
export async function openStream(options: OpenStreamOptions): Promise<OpenedStream> {
  const { dataKey, read, storedBytes, associatedData, signal } = options
  const layout = layoutOf(storedBytes, options.segmentBytes)
  if (!layout) throw damaged(`no sealed stream has ${storedBytes} bytes`)
  const header = await readWhole(read, 0, HEADER_BYTES, signal ? { signal } : {})
  const cipher = segmentCipher(dataKey, header, associatedData)
  return {
    bytes: layout.plainBytes,
    read: (start, end, options) =>
      readRange(layout, cipher, read, { start, end, options }),
  }
}

type Wanted = {
  readonly start: number
  readonly end: number
  readonly options: SignalOption
}

async function* readRange(
  layout: SegmentLayout,
  cipher: SegmentCipher,
  read: ReadStored,
  { start, end, options }: Wanted,
): AsyncGenerator<Uint8Array> {
  if (end <= start) return
  if (end > layout.plainBytes) throw damaged('it ends too early')
  const first = segmentAt(layout, start)
  const last = segmentAt(layout, end - 1)
  const lengths: number[] = []
  for (let segment = first; segment <= last; segment += 1) {
    const range = storedRange(layout, segment)
    lengths.push(range.end - range.start)
  }
  const from = storedRange(layout, first).start
  const to = storedRange(layout, last).end
  let segment = first
  for await (const stored of cut(read(from, to, options), lengths, true)) {
    const plain = cipher.open(segment, segment === layout.segments - 1, stored)
    const begins = plainStart(layout, segment)
    segment += 1
    yield plain.subarray(Math.max(start - begins, 0), end - begins)
  }
}
