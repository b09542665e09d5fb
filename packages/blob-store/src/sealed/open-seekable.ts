import { damaged } from './damaged.ts'
import { FOOTER_BYTES, type Frame, parseSeekTable, seekTableBytes } from './seek-table.ts'
import { cut, type ReadStored, readWhole } from './stored-bytes.ts'
import { readFrame } from './zstd-frame.ts'

type SignalOption = { readonly signal?: AbortSignal }

/** Compressed content that can be read at any offset. */
export interface OpenedSeekable {
  /** Bytes that were compressed. */
  readonly bytes: number
  /** The content from `start` to `end`: unpacks the frames that have a part of it, and no others. */
  read: ReadStored
}

/**
 * Opens content in zstd's seekable format.
 *
 * @param options.storedBytes Length of the frames with their seek table.
 * @throws CustodyError `content_damaged` if it has no seek table
 */
export async function openSeekable(
  options: SignalOption & { readonly read: ReadStored; readonly storedBytes: number },
): Promise<OpenedSeekable> {
  const { read, storedBytes, signal } = options
  const signalOption = signal ? { signal } : {}
  if (storedBytes < FOOTER_BYTES) throw damaged('it has no seek table')
  const footer = await readWhole(
    read,
    storedBytes - FOOTER_BYTES,
    storedBytes,
    signalOption,
  )
  const dataBytes = storedBytes - seekTableBytes(footer)
  if (dataBytes < 0) throw damaged('it has no seek table')
  const table = await readWhole(read, dataBytes, storedBytes, signalOption)
  const frames = parseSeekTable(table, dataBytes)
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0)
  return {
    bytes,
    read: (start, end, options) => readRange(frames, read, { start, end, options }),
  }
}

type Wanted = {
  readonly start: number
  readonly end: number
  readonly options: SignalOption
}

async function* readRange(
  frames: readonly Frame[],
  read: ReadStored,
  { start, end, options }: Wanted,
): AsyncGenerator<Uint8Array> {
  const found = findFrames(frames, start, end)
  if (found.frames.length === 0) return
  const lengths = found.frames.map(({ compressedBytes }) => compressedBytes)
  let begins = found.start
  const part = (content: Uint8Array) => {
    const from = Math.max(start - begins, 0)
    const to = end - begins
    begins += content.length
    return content.subarray(from, to)
  }
  let index = 0
  // One frame is unpacked while the next one is read.
  let unpacking: Promise<Uint8Array> | undefined
  const chunks = read(found.compressedStart, found.compressedEnd, options)
  const compressed = cut(chunks, lengths)
  try {
    for (;;) {
      const next = await nextOf(compressed)
      // What came before the damage is right, and is given before it is told.
      if (unpacking) yield part(await unpacking)
      if ('failure' in next) throw next.failure
      if (next.done) return
      unpacking = readFrame(next.value, found.frames[index]?.bytes ?? 0)
      unpacking.catch(() => {})
      index += 1
    }
  } finally {
    await compressed.return(undefined)
  }
}

async function nextOf<T>(items: AsyncGenerator<T, void>) {
  try {
    return await items.next()
  } catch (failure) {
    return { failure }
  }
}

/** The frames that have a part of the range, without empty ones in between. */
function findFrames(frames: readonly Frame[], start: number, end: number) {
  const inRange: Frame[] = []
  let at = 0
  let compressedAt = 0
  const found = { start: 0, compressedStart: 0, compressedEnd: 0 }
  for (const frame of frames) {
    if (at >= end) break
    if (at + frame.bytes > start) {
      if (inRange.length === 0) {
        found.start = at
        found.compressedStart = compressedAt
      }
      inRange.push(frame)
      found.compressedEnd = compressedAt + frame.compressedBytes
    }
    at += frame.bytes
    compressedAt += frame.compressedBytes
  }
  return { ...found, frames: inRange }
}
