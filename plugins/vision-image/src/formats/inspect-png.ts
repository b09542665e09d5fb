import { crc32 } from 'node:zlib'
import type { ByteWindow } from '../byte-window.ts'
import { checkDimensions } from '../check-dimensions.ts'
import type { Image, ImageMode } from '../image.ts'
import { ImageFault } from '../image-fault.ts'
import { partCounter } from '../part-counter.ts'

const SIGNATURE_BYTES = 8
const IHDR_BYTES = 13
/** Length, type and CRC of a chunk. */
const CHUNK_OVERHEAD = 12
const MAX_CHUNK_BYTES = 2 ** 31 - 1
const MAX_PALETTE_BYTES = 3 * 256

type ColourType = { readonly mode: ImageMode; readonly bitDepths: readonly number[] }

/** https://www.w3.org/TR/png-3/#table111 */
const colourTypes: ReadonlyMap<number, ColourType> = new Map([
  [0, { mode: 'grey', bitDepths: [1, 2, 4, 8, 16] }],
  [2, { mode: 'rgb', bitDepths: [8, 16] }],
  [3, { mode: 'palette', bitDepths: [1, 2, 4, 8] }],
  [4, { mode: 'grey_alpha', bitDepths: [8, 16] }],
  [6, { mode: 'rgba', bitDepths: [8, 16] }],
])

type Header = Pick<Image, 'width' | 'height' | 'mode' | 'bitDepth'>

/**
 * Walks the chunks of a PNG up to IEND, https://www.w3.org/TR/png-3/#5DataRep. The CRCs of IHDR, PLTE and IEND are
 * checked; those of IDAT are not, since that would read all pixel data.
 *
 * @throws ImageFault
 */
export async function inspectPng(window: ByteWindow): Promise<Image> {
  const header = await readHeader(window)
  const countPart = partCounter('chunks')
  let offset = SIGNATURE_BYTES + IHDR_BYTES + CHUNK_OVERHEAD
  let dataBytes = 0
  let hasPalette = false
  for (;;) {
    countPart()
    const { type, length, end } = await readChunkStart(window, offset)
    switch (type) {
      case 'acTL':
        throw new ImageFault(
          'image_animated',
          'The PNG is animated (it has an acTL chunk); only still images are allowed.',
        )
      case 'PLTE':
        if (length === 0 || length > MAX_PALETTE_BYTES || length % 3 !== 0) {
          throw damaged(
            `its PLTE chunk has ${length} bytes; 3 for each of 1 to 256 colours are allowed`,
          )
        }
        await checkCrc(window, offset, length)
        hasPalette = true
        break
      case 'IDAT':
        if (header.mode === 'palette' && !hasPalette) {
          throw damaged('it has colour type 3 and no PLTE chunk before its pixel data')
        }
        dataBytes += length
        break
      case 'IEND':
        if (length !== 0)
          throw damaged(`its IEND chunk has ${length} bytes; it must be empty`)
        if (dataBytes === 0) throw damaged('it has no pixel data (no IDAT chunk)')
        await checkCrc(window, offset, length)
        return { format: 'png', ...header, end }
      case 'IHDR':
        throw damaged(`it has a second IHDR chunk, at byte ${offset}`)
      default:
        // An upper-case first letter marks a chunk that no decoder may skip.
        if (type < 'a') throw damaged(`it has an unknown critical chunk '${type}'`)
    }
    offset = end
  }
}

async function readHeader(window: ByteWindow): Promise<Header> {
  const { type, length } = await readChunkStart(window, SIGNATURE_BYTES)
  if (type !== 'IHDR' || length !== IHDR_BYTES) {
    throw damaged(
      `its first chunk is '${type}' with ${length} bytes; it must be 'IHDR' with ${IHDR_BYTES}`,
    )
  }
  await checkCrc(window, SIGNATURE_BYTES, length)
  const data = await window.read(SIGNATURE_BYTES + 8, IHDR_BYTES)
  const width = data.readUInt32BE(0)
  const height = data.readUInt32BE(4)
  const bitDepth = data.readUInt8(8)
  const colour = data.readUInt8(9)
  checkDimensions(width, height)
  const colourType = colourTypes.get(colour)
  if (!colourType?.bitDepths.includes(bitDepth)) {
    throw damaged(`its IHDR names colour type ${colour} with ${bitDepth} bits`)
  }
  if (data.readUInt16BE(10) !== 0 || data.readUInt8(12) > 1) {
    throw damaged('its IHDR names an unknown compression, filter or interlace method')
  }
  return { width, height, mode: colourType.mode, bitDepth }
}

async function readChunkStart(
  window: ByteWindow,
  offset: number,
): Promise<{ type: string; length: number; end: number }> {
  const start = await window.read(offset, 8)
  const length = start.readUInt32BE(0)
  const type = start.toString('latin1', 4, 8)
  if (length > MAX_CHUNK_BYTES || !/^[A-Za-z]{4}$/.test(type)) {
    throw damaged(`there is no chunk at byte ${offset}, where one must begin`)
  }
  return { type, length, end: offset + length + CHUNK_OVERHEAD }
}

/** Only for small chunks: the whole one is read. */
async function checkCrc(
  window: ByteWindow,
  offset: number,
  length: number,
): Promise<void> {
  const chunk = await window.read(offset, length + CHUNK_OVERHEAD)
  if (crc32(chunk.subarray(4, 8 + length)) !== chunk.readUInt32BE(8 + length)) {
    throw damaged(
      `the CRC of its ${chunk.toString('latin1', 4, 8)} chunk at byte ${offset} is wrong`,
    )
  }
}

function damaged(what: string): ImageFault {
  return new ImageFault('image_damaged', `The PNG is damaged: ${what}.`)
}
