import { damaged } from '../audio-fault.ts'
import type { ByteWindow } from '../byte-window.ts'
import { partCounter } from '../part-counter.ts'
import type { Range } from '../range.ts'
import { mp3FrameAt } from './mp3-frame.ts'

/** How far behind the tags the first frame is looked for: padding is common there. */
const SEARCHED_BYTES = 32 * 1024

/** A frame, with what follows it, is shorter. */
const FRAME_ROOM = 2048

const TAG_HEADER_BYTES = 10
const HAS_FOOTER = 0x10

/**
 * Finds the first frame of an MP3, which another one, a tag or the end must follow. Gives what comes from there on. The
 * tags before it, with cover art and lyrics, are not read.
 *
 * @throws AudioFault `invalid_audio`
 */
export async function checkMp3(window: ByteWindow): Promise<Range> {
  const behindTags = await skipTags(window)
  const bytes = await window.read(behindTags, SEARCHED_BYTES + FRAME_ROOM)
  for (let at = 0; at < Math.min(SEARCHED_BYTES, bytes.length); at += 1) {
    const frame = mp3FrameAt(bytes.subarray(at))
    if (frame === undefined) continue
    const rest = bytes.subarray(at + frame.bytes)
    const isFollowed = mp3FrameAt(rest)?.kind === frame.kind || startsWith(rest, 'TAG')
    if (isFollowed || behindTags + at + frame.bytes === window.size) {
      return { start: behindTags + at, end: window.size }
    }
  }
  throw damaged(
    'MP3',
    `no two frames follow each other in the ${SEARCHED_BYTES} bytes from byte ${behindTags} on`,
  )
}

/** https://id3.org/id3v2.4.0-structure */
async function skipTags(window: ByteWindow): Promise<number> {
  const countPart = partCounter('MP3', 'ID3 tags', 10)
  let offset = 0
  for (;;) {
    const header = await window.read(offset, TAG_HEADER_BYTES)
    if (!startsWith(header, 'ID3')) return offset
    countPart()
    const end = offset + TAG_HEADER_BYTES + tagBytes(header)
    if (header.length < TAG_HEADER_BYTES || end > window.size) {
      throw damaged(
        'MP3',
        `its ID3 tag at byte ${offset} goes to byte ${end}, but the file ends at byte ${window.size}`,
      )
    }
    offset = end
  }
}

/** Seven bits of each byte count. */
function tagBytes(header: Buffer): number {
  let bytes = 0
  for (const byte of header.subarray(6, 10)) bytes = bytes * 128 + (byte & 0x7f)
  const hasFooter = ((header[5] ?? 0) & HAS_FOOTER) !== 0
  return bytes + (hasFooter ? TAG_HEADER_BYTES : 0)
}

function startsWith(bytes: Buffer, text: string): boolean {
  return bytes.toString('latin1', 0, text.length) === text
}
