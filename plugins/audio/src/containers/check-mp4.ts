import { damaged } from '../audio-fault.ts'
import type { ByteWindow } from '../byte-window.ts'
import { partCounter } from '../part-counter.ts'
import type { Range } from '../range.ts'

const BOX_HEADER_BYTES = 8
const LARGE_HEADER_BYTES = 16

type Box = Range & { readonly type: string }

/**
 * Walks the boxes of an MP4, which must all be there (ISO/IEC 14496-12, 4.2). Gives its `moov`, which says what
 * is in it.
 *
 * @throws AudioFault `invalid_audio`
 */
export async function checkMp4(window: ByteWindow): Promise<Range> {
  const countPart = partCounter('MP4', 'boxes', 100_000)
  let moov: Range | undefined
  let hasMedia = false
  let offset = 0
  while (offset < window.size) {
    countPart()
    const box = await readBox(window, offset)
    if (box === undefined) break
    if (box.type === 'moov') moov ??= box
    if (box.type === 'mdat') hasMedia = true
    offset = box.end
  }
  if (moov === undefined) throw damaged('MP4', 'it has no moov box')
  if (!hasMedia) throw damaged('MP4', 'it has no mdat box')
  return moov
}

/** Undefined for the zeros that some writers leave at the end. */
async function readBox(window: ByteWindow, offset: number): Promise<Box | undefined> {
  const header = await window.read(offset, LARGE_HEADER_BYTES)
  if (header.every((byte) => byte === 0)) return undefined
  if (header.length < BOX_HEADER_BYTES) throw truncated(window, offset, BOX_HEADER_BYTES)
  const type = header.toString('latin1', 4, 8)
  const length = lengthOf(header, window, offset)
  if (offset + length > window.size) throw truncated(window, offset, length)
  return { type, start: offset, end: offset + length }
}

function lengthOf(header: Buffer, window: ByteWindow, offset: number): number {
  const short = header.readUInt32BE(0)
  // 0: to the end of the file. 1: the length comes behind the type.
  if (short === 0) return window.size - offset
  const isLarge = short === 1
  if (isLarge && header.length < LARGE_HEADER_BYTES) {
    throw truncated(window, offset, LARGE_HEADER_BYTES)
  }
  const length = isLarge ? Number(header.readBigUInt64BE(8)) : short
  const least = isLarge ? LARGE_HEADER_BYTES : BOX_HEADER_BYTES
  if (length >= least) return length
  throw damaged('MP4', `its box at byte ${offset} has ${length} bytes with its header`)
}

function truncated(window: ByteWindow, offset: number, length: number) {
  return damaged(
    'MP4',
    `its box at byte ${offset} has ${length} bytes; only ${window.size - offset} follow`,
  )
}
