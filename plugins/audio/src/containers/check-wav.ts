import { damaged } from '../audio-fault.ts'
import type { ByteWindow } from '../byte-window.ts'
import { partCounter } from '../part-counter.ts'
import type { Range } from '../range.ts'

const RIFF_HEADER_BYTES = 12
const CHUNK_HEADER_BYTES = 8

/** Writers that cannot go back to fill in a length leave this. */
const UNKNOWN_LENGTH = 0xffffffff

/**
 * Walks the chunks of a WAV to its samples, which must all be there. Gives the whole file.
 *
 * @throws AudioFault `invalid_audio`
 */
export async function checkWav(window: ByteWindow): Promise<Range> {
  const countPart = partCounter('WAV', 'chunks', 1000)
  let hasFormat = false
  let offset = RIFF_HEADER_BYTES
  for (;;) {
    countPart()
    const header = await window.read(offset, CHUNK_HEADER_BYTES)
    if (header.length < CHUNK_HEADER_BYTES) {
      throw damaged('WAV', `it ends at byte ${window.size}, before its data chunk`)
    }
    const type = header.toString('latin1', 0, 4)
    const length = header.readUInt32LE(4)
    const body = offset + CHUNK_HEADER_BYTES
    if (type === 'data' && length === UNKNOWN_LENGTH) break
    if (body + length > window.size) {
      throw damaged(
        'WAV',
        `its chunk '${printable(type)}' at byte ${offset} has ${length} bytes; only ${window.size - body} follow`,
      )
    }
    if (type === 'data') break
    if (type === 'fmt ') {
      checkFormat(await window.read(body, length))
      hasFormat = true
    }
    offset = body + length + (length % 2)
  }
  if (!hasFormat) throw damaged('WAV', 'no fmt chunk comes before its data chunk')
  return { start: 0, end: window.size }
}

function checkFormat(format: Buffer): void {
  if (format.length < 16) {
    throw damaged(
      'WAV',
      `its fmt chunk has ${format.length} bytes; at least 16 are needed`,
    )
  }
  const channels = format.readUInt16LE(2)
  const sampleRate = format.readUInt32LE(4)
  if (channels === 0 || sampleRate === 0) {
    throw damaged('WAV', `it has ${channels} channels of ${sampleRate} samples a second`)
  }
}

function printable(type: string): string {
  return type.replace(/[^ -~]/g, '?')
}
