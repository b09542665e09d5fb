import { damaged } from './damaged.ts'

/** Content bytes of each frame but the last. */
export const FRAME_BYTES = 1024 * 1024

const SKIPPABLE_MAGIC = 0x184d2a5e
const SEEKABLE_MAGIC = 0x8f92eab1
const FRAME_HEAD_BYTES = 8
const ENTRY_BYTES = 8

/** Bytes at the end of a stream that say how long its seek table is. */
export const FOOTER_BYTES = 9

/** A checksum for each frame follows its entry. Ours have none: the seal is authentic. */
const CHECKSUM_FLAG = 0x80
const RESERVED_BITS = 0x7c

/** The lengths of one frame. */
export type Frame = { readonly compressedBytes: number; readonly bytes: number }

/**
 * The seek table of zstd's seekable format, version 0.1.0: a skippable frame, so that any decoder of zstd passes over it.
 *
 * @see https://github.com/facebook/zstd/blob/release/contrib/seekable_format/zstd_seekable_compression_format.md
 */
export function seekTable(frames: readonly Frame[]): Uint8Array {
  const size = frames.length * ENTRY_BYTES + FOOTER_BYTES
  const table = Buffer.alloc(FRAME_HEAD_BYTES + size)
  table.writeUInt32LE(SKIPPABLE_MAGIC, 0)
  table.writeUInt32LE(size, 4)
  let at = FRAME_HEAD_BYTES
  for (const { compressedBytes, bytes } of frames) {
    table.writeUInt32LE(compressedBytes, at)
    table.writeUInt32LE(bytes, at + 4)
    at += ENTRY_BYTES
  }
  table.writeUInt32LE(frames.length, at)
  table.writeUInt32LE(SEEKABLE_MAGIC, at + 5)
  return table
}

/**
 * Bytes of the whole seek table, as the last nine bytes of the stream say.
 *
 * @throws CustodyError `content_damaged` if there is no seek table
 */
export function seekTableBytes(footer: Uint8Array): number {
  const { frames, entryBytes } = parseFooter(footer)
  return FRAME_HEAD_BYTES + frames * entryBytes + FOOTER_BYTES
}

/**
 * Reads a whole seek table, with or without checksums.
 *
 * @param dataBytes Bytes of the frames before it, which they must add up to.
 * @throws CustodyError `content_damaged`
 */
export function parseSeekTable(table: Uint8Array, dataBytes: number): Frame[] {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const { frames: count, entryBytes } = parseFooter(table.subarray(-FOOTER_BYTES))
  const size = count * entryBytes + FOOTER_BYTES
  if (
    table.length !== FRAME_HEAD_BYTES + size ||
    view.getUint32(0, true) !== SKIPPABLE_MAGIC ||
    view.getUint32(4, true) !== size
  ) {
    throw damaged('its seek table is none')
  }
  const frames: Frame[] = []
  let sum = 0
  for (let at = FRAME_HEAD_BYTES; frames.length < count; at += entryBytes) {
    const compressedBytes = view.getUint32(at, true)
    frames.push({ compressedBytes, bytes: view.getUint32(at + 4, true) })
    sum += compressedBytes
  }
  if (sum !== dataBytes) throw damaged('its seek table does not fit its frames')
  return frames
}

function parseFooter(footer: Uint8Array) {
  if (footer.length !== FOOTER_BYTES) throw damaged('it has no seek table')
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength)
  const descriptor = view.getUint8(4)
  if (view.getUint32(5, true) !== SEEKABLE_MAGIC || (descriptor & RESERVED_BITS) !== 0) {
    throw damaged('it has no seek table')
  }
  const entryBytes = ENTRY_BYTES + ((descriptor & CHECKSUM_FLAG) === 0 ? 0 : 4)
  return { frames: view.getUint32(0, true), entryBytes }
}
