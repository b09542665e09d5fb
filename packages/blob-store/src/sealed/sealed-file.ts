import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { damaged } from './damaged.ts'
import { isCompressed, type SealedFormat } from './sealed-formats.ts'
import { FOOTER_BYTES, type Frame, parseSeekTable, seekTableBytes } from './seek-table.ts'
import { type SegmentCipher, segmentCipher } from './segment-cipher.ts'
import {
  HEADER_BYTES,
  layoutOf,
  plainStart,
  type SegmentLayout,
  segmentAt,
  storedRange,
} from './segment-layout.ts'
import { readFrameSync } from './zstd-frame.ts'

/** What opens a sealed file. It crosses threads. */
export type SealedFileKey = {
  readonly format: SealedFormat
  readonly dataKey: Uint8Array
}

/** A sealed stream in a file, read synchronously: for threads that have nothing else to do meanwhile. */
export interface SealedFile {
  /** Bytes of the content. */
  readonly size: number
  /** The content from `start` to `end`, less where it ends before. The memory may be used again by the next read. */
  read(start: number, end: number): Uint8Array
  close(): void
}

type Span = { readonly start: number; readonly content: Uint8Array }

/**
 * Opens a sealed stream that is whole.
 *
 * @throws CustodyError `content_damaged`, as `read` does too; the system's error when the file cannot be opened
 */
export function openSealedFile(path: string, key: SealedFileKey): SealedFile {
  const descriptor = openSync(path, 'r')
  try {
    const stream = openSegments(descriptor, key.dataKey)
    const opened = isCompressed(key.format) ? openFrames(stream) : stream
    return {
      size: opened.size,
      read: (start, end) => readThrough(opened, start, Math.min(end, opened.size)),
      close: () => closeSync(descriptor),
    }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** Content in spans that are opened as a whole; the one that was read last is kept. */
type Spans = {
  readonly size: number
  spanAt(offset: number): Span
}

function openSegments(descriptor: number, dataKey: Uint8Array): Spans {
  const layout = layoutOf(fstatSync(descriptor).size)
  if (!layout) throw damaged('no sealed stream has this length')
  const cipher = segmentCipher(dataKey, readExactly(descriptor, 0, HEADER_BYTES))
  let last: (Span & { readonly segment: number }) | undefined
  return {
    size: layout.plainBytes,
    spanAt(offset) {
      const segment = segmentAt(layout, offset)
      if (last?.segment !== segment) {
        const content = openSegment(descriptor, layout, cipher, segment)
        last = { segment, start: plainStart(layout, segment), content }
      }
      return last
    },
  }
}

function openSegment(
  descriptor: number,
  layout: SegmentLayout,
  cipher: SegmentCipher,
  segment: number,
): Uint8Array {
  const { start, end } = storedRange(layout, segment)
  const stored = readExactly(descriptor, start, end - start)
  return cipher.open(segment, segment === layout.segments - 1, stored)
}

function openFrames(stream: Spans): Spans {
  const { size } = stream
  if (size < FOOTER_BYTES) throw damaged('it has no seek table')
  const tableBytes = seekTableBytes(readThrough(stream, size - FOOTER_BYTES, size))
  const dataBytes = size - tableBytes
  if (dataBytes < 0) throw damaged('it has no seek table')
  const frames = parseSeekTable(readThrough(stream, dataBytes, size), dataBytes)
  const starts = startsOf(frames)
  const end = starts.at(-1)
  let last: (Span & { readonly frame: number }) | undefined
  return {
    size: end?.content ?? 0,
    spanAt(offset) {
      const found = last && holds(last, offset) ? last.frame : findFrame(starts, offset)
      if (last?.frame !== found) {
        const from = starts[found]
        const frame = frames[found]
        if (!from || !frame) throw damaged('it ends too early')
        const { compressed, content: start } = from
        const packed = readThrough(stream, compressed, compressed + frame.compressedBytes)
        last = { frame: found, start, content: readFrameSync(packed, frame.bytes) }
      }
      return last
    },
  }
}

/** Where each frame begins, compressed and not; and where the last one ends. */
function startsOf(frames: readonly Frame[]) {
  const starts = [{ compressed: 0, content: 0 }]
  let [compressed, content] = [0, 0]
  for (const frame of frames) {
    compressed += frame.compressedBytes
    content += frame.bytes
    starts.push({ compressed, content })
  }
  return starts
}

/** The last frame that begins at `offset` or before it. */
function findFrame(starts: readonly { readonly content: number }[], offset: number) {
  let low = 0
  let high = starts.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((starts[middle]?.content ?? 0) <= offset) low = middle
    else high = middle
  }
  return low
}

function holds({ start, content }: Span, offset: number): boolean {
  return offset >= start && offset < start + content.length
}

/** What lies in one span is not copied. */
function readThrough(spans: Spans, start: number, end: number): Uint8Array {
  if (end <= start) return new Uint8Array()
  const first = spans.spanAt(start)
  const part = first.content.subarray(start - first.start, end - first.start)
  if (part.length === end - start) return part
  const all = Buffer.allocUnsafeSlow(end - start)
  all.set(part)
  for (let at = start + part.length; at < end; ) {
    const span = spans.spanAt(at)
    const next = span.content.subarray(at - span.start, end - span.start)
    all.set(next, at - start)
    at += next.length
  }
  return all
}

function readExactly(descriptor: number, start: number, length: number): Uint8Array {
  const memory = Buffer.allocUnsafeSlow(length)
  for (let filled = 0; filled < length; ) {
    const count = readSync(descriptor, memory, filled, length - filled, start + filled)
    if (count === 0) throw damaged('it ends too early')
    filled += count
  }
  return memory
}
