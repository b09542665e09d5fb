import type { ByteWindow } from '../byte-window.ts'
import { checkDimensions } from '../check-dimensions.ts'
import type { Image, ImageMode } from '../image.ts'
import { ImageFault } from '../image-fault.ts'
import { partCounter } from '../part-counter.ts'
import { nextJpegMarker } from './next-jpeg-marker.ts'

const TEM = 0x01
const FIRST_AFTER_RESERVED = 0xc0
const DHT = 0xc4
const DAC = 0xcc
const LAST_FRAME_HEADER = 0xcf
const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda

/** Progressive images have about ten; thousands keep a decoder busy for minutes over a small file. */
export const MAX_SCANS = 1000

/** Frame headers whose coding is in use: baseline, extended, progressive; and arithmetic coding of the last two. */
const codings: ReadonlyMap<number, { readonly uncommonCoding?: string }> = new Map([
  [0xc0, {}],
  [0xc1, {}],
  [0xc2, {}],
  [0xc9, { uncommonCoding: 'arithmetic coding' }],
  [0xca, { uncommonCoding: 'arithmetic coding' }],
])

const modes: ReadonlyMap<number, ImageMode> = new Map([
  [1, 'grey'],
  [3, 'rgb'],
  [4, 'cmyk'],
])

type Frame = Pick<Image, 'width' | 'height' | 'mode' | 'bitDepth' | 'uncommonCoding'>

/**
 * Walks the segments of a JPEG up to its end-of-image marker and through the entropy-coded data in between
 * (ITU-T T.81, annex B).
 *
 * @throws ImageFault
 */
export async function inspectJpeg(window: ByteWindow): Promise<Image> {
  const countPart = partCounter('segments')
  const countScan = partCounter('scans', MAX_SCANS)
  let frame: Frame | undefined
  let hasScan = false
  let offset = 2
  for (;;) {
    countPart()
    const marker = await nextJpegMarker(window, offset)
    offset = marker.end
    if (marker.code === EOI) {
      if (frame === undefined || !hasScan) throw damaged('it ends without pixel data')
      return { format: 'jpeg', ...frame, end: offset }
    }
    if (marker.code === TEM) continue
    if (marker.code === SOI || marker.code < FIRST_AFTER_RESERVED) {
      throw damaged(
        `marker 0x${marker.code.toString(16)} at byte ${offset - 2} does not belong there`,
      )
    }
    const length = (await window.read(offset, 2)).readUInt16BE(0)
    if (length < 2) {
      throw damaged(
        `the segment at byte ${offset - 2} has length ${length}; at least 2 is needed`,
      )
    }
    if (isFrameHeader(marker.code)) {
      if (frame !== undefined) {
        throw damaged(`it has a second frame header, at byte ${offset - 2}`)
      }
      frame = readFrame(marker.code, await window.read(offset, length))
    } else if (marker.code === SOS) {
      if (frame === undefined)
        throw damaged('its pixel data begin without a frame header')
      hasScan = true
      countScan()
    }
    offset += length
  }
}

function isFrameHeader(code: number): boolean {
  return code <= LAST_FRAME_HEADER && code !== DHT && code !== DAC
}

function readFrame(code: number, segment: Buffer): Frame {
  const coding = codings.get(code)
  if (coding === undefined) {
    throw new ImageFault(
      'unsupported_image',
      `The JPEG is lossless or hierarchical (frame header 0x${code.toString(16)}); baseline, extended and progressive are allowed.`,
    )
  }
  const components = segment.length < 8 ? 0 : segment.readUInt8(7)
  if (segment.length < 8 || segment.length !== 8 + 3 * components) {
    throw damaged(`its frame header has ${segment.length} bytes`)
  }
  const bitDepth = segment.readUInt8(2)
  const height = segment.readUInt16BE(3)
  const width = segment.readUInt16BE(5)
  checkDimensions(width, height)
  const mode = modes.get(components)
  if (mode === undefined) {
    throw new ImageFault(
      'unsupported_image',
      `The JPEG has ${components} colour components; 1, 3 and 4 are allowed.`,
    )
  }
  if (bitDepth !== 8 && bitDepth !== 12) {
    throw damaged(`its frame header names ${bitDepth} bits per sample; 8 and 12 exist`)
  }
  return { width, height, mode, bitDepth, ...coding }
}

function damaged(what: string): ImageFault {
  return new ImageFault('image_damaged', `The JPEG is damaged: ${what}.`)
}
