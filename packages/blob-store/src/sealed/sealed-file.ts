import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { READ_FLAGS } from '../read-flags.ts'
import { damaged } from './damaged.ts'
import { isCompressed, type SealedFormat } from './sealed-formats.ts'
import { FOOTER_BYTES, type Frame, parseSeekTable, seekTableBytes } from './seek-table.ts'
import { type SegmentCipher, SLICE_BYTES, segmentCipher } from './segment-cipher.ts'
import {
  HEADER_BYTES,
  layoutOf,
  plainStart,
  SEGMENT_BYTES,
  type SegmentLayout,
  segmentAt,
  storedRange,
  TAG_BYTES,
} from './segment-layout.ts'
import { readFrameSync } from './zstd-frame.ts'

/** What opens a sealed file. It crosses threads. */
export type SealedFileKey = {
  readonly format: SealedFormat
  readonly dataKey: Uint8Array
  /** That the file must have; what it has otherwise is damage where it ends. Default: those that it has. */
  readonly storedBytes?: number
}

/** A sealed stream in a file, read synchronously: for threads that have nothing else to do meanwhile. */
export interface SealedFile {
  /** Bytes of the content. */
  readonly size: number
  /** The content from `start` to `end`, less where it ends before. The memory may be used again by the next read. */
  read(start: number, end: number): Uint8Array
  /** As much of it as costs nothing more than its beginning: one byte at least, unless it is empty. */
  readSome(start: number, end: number): Uint8Array
  close(): void
}

/** Of a stored segment, for all files: reads do not wait, so one is over before the next begins. */
const slice = Buffer.allocUnsafeSlow(SLICE_BYTES)

type Span = { readonly start: number; readonly content: Uint8Array }

/**
 * Opens a sealed stream that is whole.
 *
 * @throws CustodyError `content_damaged`, as `read` does too; the system's error when the file cannot be opened
 */
export function openSealedFile(path: string, key: SealedFileKey): SealedFile {
  const descriptor = openSync(path, READ_FLAGS)
  try {
    const stream = openSegments(descriptor, key)
    const opened = isCompressed(key.format) ? openFrames(stream) : stream
    return {
      size: opened.size,
      read: (start, end) => readThrough(opened, start, Math.min(end, opened.size)),
      readSome: (start, end) => readPart(opened, start, Math.min(end, opened.size)),
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

function openSegments(
  descriptor: number,
  { dataKey, storedBytes = fstatSync(descriptor).size }: SealedFileKey,
): Spans {
  const layout = layoutOf(storedBytes)
  if (!layout) throw damaged('no sealed stream has this length')
  const header = readExactly(descriptor, 0, Buffer.alloc(HEADER_BYTES))
  const cipher = segmentCipher(dataKey, header)
  const memory = Buffer.allocUnsafeSlow(Math.min(layout.plainBytes, SEGMENT_BYTES))
  const stream = { descriptor, layout, cipher, memory }
  let last: (Span & { readonly segment: number }) | undefined
  return {
    size: layout.plainBytes,
    spanAt(offset) {
      const segment = segmentAt(layout, offset)
      if (last?.segment !== segment) {
        // Should it fail, the former one is no longer there.
        last = undefined
        const content = openSegment(stream, segment)
        last = { segment, start: plainStart(layout, segment), content }
      }
      return last
    },
  }
}

type SegmentedFile = {
  readonly descriptor: number
  readonly layout: SegmentLayout
  readonly cipher: SegmentCipher
  /** Where segments are opened to. */
  readonly memory: Buffer
}

function openSegment(stream: SegmentedFile, segment: number): Uint8Array {
  const { descriptor, layout, cipher, memory } = stream
  const { start, end } = storedRange(layout, segment)
  const { update, end: check } = cipher.opening(segment, segment === layout.segments - 1)
  const bytes = end - start - TAG_BYTES
  for (let at = 0; at < bytes; at += SLICE_BYTES) {
    const room = slice.subarray(0, Math.min(SLICE_BYTES, bytes - at))
    memory.set(update(readExactly(descriptor, start + at, room)), at)
  }
  check(readExactly(descriptor, end - TAG_BYTES, slice.subarray(0, TAG_BYTES)))
  return memory.subarray(0, bytes)
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

/** What of it lies in the span that it begins in. */
function readPart(spans: Spans, start: number, end: number): Uint8Array {
  if (end <= start) return new Uint8Array()
  const first = spans.spanAt(start)
  return first.content.subarray(start - first.start, end - first.start)
}

/** What lies in one span is not copied. */
function readThrough(spans: Spans, start: number, end: number): Uint8Array {
  const part = readPart(spans, start, end)
  if (part.length >= end - start) return part
  const all = Buffer.allocUnsafeSlow(end - start)
  all.set(part)
  for (let at = start + part.length; at < end; ) {
    const next = readPart(spans, at, end)
    all.set(next, at - start)
    at += next.length
  }
  return all
}

/** Fills `memory` from `start` on. */
function readExactly(descriptor: number, start: number, memory: Buffer): Buffer {
  for (let filled = 0; filled < memory.length; ) {
    const left = memory.length - filled
    const count = readSync(descriptor, memory, filled, left, start + filled)
    if (count === 0) throw damaged('it ends too early')
    filled += count
  }
  return memory
}
