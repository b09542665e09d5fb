import type { ByteWindow } from '../byte-window.ts'

const RST0 = 0xd0
const RST7 = 0xd7

export type JpegMarker = {
  readonly code: number
  /** Offset of the first byte after the marker. */
  readonly end: number
}

/**
 * The next marker from `offset` on, past entropy-coded data and its restart markers. Stray bytes between
 * segments are passed too, as decoders do (ITU-T T.81, B.1.1.2).
 *
 * @throws ImageFault `image_truncated` when there is none
 */
export async function nextJpegMarker(
  window: ByteWindow,
  offset: number,
): Promise<JpegMarker> {
  let start = offset
  let afterFF = false
  for (;;) {
    const bytes = await window.rest(start)
    for (let i = 0; i < bytes.length; i += 1) {
      const byte = bytes[i] ?? 0
      if (byte === 0xff) afterFF = true
      else if (afterFF) {
        afterFF = false
        if (byte !== 0 && !(byte >= RST0 && byte <= RST7)) {
          return { code: byte, end: start + i + 1 }
        }
      }
    }
    start += bytes.length
  }
}
