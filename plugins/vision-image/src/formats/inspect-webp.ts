import type { ByteWindow } from '../byte-window.ts'
import { checkDimensions } from '../check-dimensions.ts'
import type { Image } from '../image.ts'
import { ImageFault } from '../image-fault.ts'
import { partCounter } from '../part-counter.ts'

const RIFF_HEADER_BYTES = 12
const CHUNK_HEADER_BYTES = 8
const ANIMATION_FLAG = 0x02
const ALPHA_FLAG = 0x10

type Canvas = Pick<Image, 'width' | 'height'> & { readonly alpha: boolean }

/**
 * Walks the chunks of a WebP: lossy, lossless and extended, https://www.rfc-editor.org/rfc/rfc9649.
 *
 * @throws ImageFault
 */
export async function inspectWebp(window: ByteWindow): Promise<Image> {
  const riff = await window.read(0, RIFF_HEADER_BYTES)
  const end = CHUNK_HEADER_BYTES + riff.readUInt32LE(4)
  window.requireUpTo(end)
  const countPart = partCounter('chunks')
  let canvas: Canvas | undefined
  let pixels: Canvas | undefined
  let offset = RIFF_HEADER_BYTES
  while (offset < end) {
    countPart()
    const { type, length, next } = await readChunkStart(window, offset, end)
    const body = offset + CHUNK_HEADER_BYTES
    switch (type) {
      case 'ANIM':
      case 'ANMF':
        throw animated(`it has an ${type} chunk`)
      case 'VP8X':
        if (offset !== RIFF_HEADER_BYTES) throw damaged('its VP8X chunk is not the first')
        canvas = readCanvas(await readStart(window, body, length, 10))
        break
      case 'VP8 ':
        pixels ??= readLossy(await readStart(window, body, length, 10))
        break
      case 'VP8L':
        pixels ??= readLossless(await readStart(window, body, length, 5))
        break
      default:
        if (offset === RIFF_HEADER_BYTES) {
          throw damaged(`its first chunk must be VP8, VP8L or VP8X`)
        }
    }
    offset = next
  }
  if (pixels === undefined) throw damaged('it has no pixel data (no VP8 or VP8L chunk)')
  if (canvas && (canvas.width !== pixels.width || canvas.height !== pixels.height)) {
    throw damaged(
      `its canvas has ${canvas.width} x ${canvas.height} pixels and its image ${pixels.width} x ${pixels.height}`,
    )
  }
  const { width, height } = pixels
  const mode = (canvas ?? pixels).alpha ? 'rgba' : 'rgb'
  return { format: 'webp', width, height, mode, bitDepth: 8, end }
}

async function readChunkStart(
  window: ByteWindow,
  offset: number,
  end: number,
): Promise<{ type: string; length: number; next: number }> {
  if (offset + CHUNK_HEADER_BYTES > end) throw pastEnd(offset)
  const start = await window.read(offset, CHUNK_HEADER_BYTES)
  const length = start.readUInt32LE(4)
  const next = offset + CHUNK_HEADER_BYTES + length
  if (next > end) throw pastEnd(offset)
  // A chunk of odd length is padded; some encoders leave that out after the last.
  return { type: start.toString('latin1', 0, 4), length, next: next + (length % 2) }
}

/** The first `needed` bytes of a chunk's body. */
async function readStart(
  window: ByteWindow,
  body: number,
  length: number,
  needed: number,
): Promise<Buffer> {
  if (length < needed) {
    throw damaged(
      `the chunk at byte ${body - CHUNK_HEADER_BYTES} has ${length} bytes; at least ${needed} are needed`,
    )
  }
  return window.read(body, needed)
}

function readCanvas(bytes: Buffer): Canvas {
  const flags = bytes.readUInt8(0)
  if ((flags & ANIMATION_FLAG) !== 0) throw animated('its VP8X chunk says so')
  const width = bytes.readUIntLE(4, 3) + 1
  const height = bytes.readUIntLE(7, 3) + 1
  checkDimensions(width, height)
  return { width, height, alpha: (flags & ALPHA_FLAG) !== 0 }
}

/** https://www.rfc-editor.org/rfc/rfc6386#section-9.1 */
function readLossy(bytes: Buffer): Canvas {
  const isKeyFrame = (bytes.readUInt8(0) & 1) === 0
  if (!isKeyFrame || bytes.readUIntBE(3, 3) !== 0x9d012a) {
    throw damaged('its VP8 chunk does not begin with a key frame')
  }
  const width = bytes.readUInt16LE(6) & 0x3fff
  const height = bytes.readUInt16LE(8) & 0x3fff
  checkDimensions(width, height)
  return { width, height, alpha: false }
}

/** https://www.rfc-editor.org/rfc/rfc9649#section-3.4 */
function readLossless(bytes: Buffer): Canvas {
  const fields = bytes.readUInt32LE(1)
  const version = fields >>> 29
  if (bytes.readUInt8(0) !== 0x2f || version !== 0) {
    throw damaged('its VP8L chunk does not begin with signature 0x2f and version 0')
  }
  const width = (fields & 0x3fff) + 1
  const height = ((fields >>> 14) & 0x3fff) + 1
  checkDimensions(width, height)
  return { width, height, alpha: ((fields >>> 28) & 1) === 1 }
}

function animated(why: string): ImageFault {
  return new ImageFault(
    'image_animated',
    `The WebP is animated (${why}); only still images are allowed.`,
  )
}

function pastEnd(offset: number): ImageFault {
  return damaged(`the chunk at byte ${offset} goes past the end of its container`)
}

function damaged(what: string): ImageFault {
  return new ImageFault('image_damaged', `The WebP is damaged: ${what}.`)
}
