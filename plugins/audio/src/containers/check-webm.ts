import { damaged } from '../audio-fault.ts'
import type { ByteWindow } from '../byte-window.ts'
import { partCounter } from '../part-counter.ts'
import type { Range } from '../range.ts'

const SEGMENT = 0x18538067
const TRACKS = 0x1654ae6b
const CLUSTER = 0x1f43b675

/** An ID has at most 4 bytes, a length 8. */
const ELEMENT_HEADER_BYTES = 12

type Element = {
  readonly id: number
  readonly body: number
  /** Infinity where a live writer could not know it. */
  readonly end: number
}

/**
 * Walks a WebM to its first cluster, and sees whether its segment is all there
 * (https://www.rfc-editor.org/rfc/rfc8794, https://www.rfc-editor.org/rfc/rfc9559). Gives what comes before the
 * cluster, which says what is in it.
 *
 * @throws AudioFault `invalid_audio`
 */
export async function checkWebm(window: ByteWindow): Promise<Range> {
  const countPart = partCounter('WebM', 'elements before its first cluster', 1000)
  const head = await readElement(window, 0, window.size)
  const segment = await readElement(window, head.end, window.size)
  if (segment.id !== SEGMENT) throw damaged('WebM', 'no segment follows its head')
  const end = Math.min(segment.end, window.size)
  let hasTracks = false
  let offset = segment.body
  while (offset < end) {
    countPart()
    const element = await readElement(window, offset, end)
    if (element.id === CLUSTER) {
      if (!hasTracks) break
      return { start: 0, end: offset }
    }
    if (element.id === TRACKS) hasTracks = true
    offset = element.end
  }
  throw damaged('WebM', hasTracks ? 'it has no cluster' : 'it has no tracks')
}

async function readElement(
  window: ByteWindow,
  offset: number,
  limit: number,
): Promise<Element> {
  const bytes = await window.read(offset, ELEMENT_HEADER_BYTES)
  const idBytes = widthAt(bytes, 0)
  const lengthBytes = widthAt(bytes, idBytes)
  const body = offset + idBytes + lengthBytes
  if (idBytes > 4 || lengthBytes > 8) {
    throw damaged('WebM', `no element begins at byte ${offset}`)
  }
  if (bytes.length < idBytes + lengthBytes) {
    throw damaged('WebM', `it ends at byte ${window.size}, within an element's head`)
  }
  let id = 0
  for (const byte of bytes.subarray(0, idBytes)) id = id * 256 + byte
  let length = (bytes[idBytes] ?? 0) & (0xff >> lengthBytes)
  let isUnknown = length === 0xff >> lengthBytes
  for (const byte of bytes.subarray(idBytes + 1, idBytes + lengthBytes)) {
    length = length * 256 + byte
    isUnknown &&= byte === 0xff
  }
  if (isUnknown) return { id, body, end: Number.POSITIVE_INFINITY }
  if (body + length <= limit) return { id, body, end: body + length }
  throw damaged(
    'WebM',
    `its element at byte ${offset} has ${length} bytes; only ${limit - body} follow`,
  )
}

/** Bytes of a number, told by the leading zero bits of its first; 9 where there are 8 or more, and at the end. */
function widthAt(bytes: Buffer, at: number): number {
  return Math.clz32(bytes[at] ?? 0) - 24 + 1
}
