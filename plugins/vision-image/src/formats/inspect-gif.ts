import type { ByteWindow } from '../byte-window.ts'
import { checkDimensions } from '../check-dimensions.ts'
import type { Image } from '../image.ts'
import { ImageFault } from '../image-fault.ts'
import { partCounter } from '../part-counter.ts'

const SCREEN_END = 13
const EXTENSION = 0x21
const IMAGE = 0x2c
const TRAILER = 0x3b
/** The separator and nine bytes: place, size and flags. */
const IMAGE_DESCRIPTOR_BYTES = 10

type Colours = {
  /** Bits of an index, or null without a table. */
  readonly bits: number | null
  /** Size of the table. */
  readonly bytes: number
}

/**
 * Walks the blocks of a GIF up to its trailer, https://www.w3.org/Graphics/GIF/spec-gif89a.txt.
 *
 * @throws ImageFault
 */
export async function inspectGif(window: ByteWindow): Promise<Image> {
  const screen = await window.read(0, SCREEN_END)
  let width = screen.readUInt16LE(6)
  let height = screen.readUInt16LE(8)
  const global = readColours(screen.readUInt8(10))
  checkDimensions(width, height)
  const countPart = partCounter('blocks')
  let bitDepth: number | undefined
  let offset = SCREEN_END + global.bytes
  for (;;) {
    countPart()
    const introducer = (await window.read(offset, 1)).readUInt8(0)
    switch (introducer) {
      case EXTENSION:
        offset = await skipSubBlocks(window, offset + 2)
        break
      case IMAGE: {
        if (bitDepth !== undefined) {
          throw new ImageFault(
            'image_animated',
            'The GIF is animated (it has more than one frame); only still images are allowed.',
          )
        }
        const image = await window.read(offset, IMAGE_DESCRIPTOR_BYTES)
        const frameWidth = image.readUInt16LE(5)
        const frameHeight = image.readUInt16LE(7)
        checkDimensions(frameWidth, frameHeight)
        // Decoders enlarge the canvas for a frame that reaches over the screen.
        width = Math.max(width, image.readUInt16LE(1) + frameWidth)
        height = Math.max(height, image.readUInt16LE(3) + frameHeight)
        checkDimensions(width, height)
        const local = readColours(image.readUInt8(9))
        bitDepth = local.bits ?? global.bits ?? 8
        const minimumCodeSize = 1
        offset = await skipSubBlocks(
          window,
          offset + IMAGE_DESCRIPTOR_BYTES + local.bytes + minimumCodeSize,
        )
        break
      }
      case TRAILER:
        if (bitDepth === undefined) throw damaged('it has no frame')
        return {
          format: 'gif',
          width,
          height,
          mode: 'palette',
          bitDepth,
          end: offset + 1,
        }
      default:
        throw damaged(`there is no block at byte ${offset}, where one must begin`)
    }
  }
}

/** The colour table that the flags of a screen or an image announce. */
function readColours(flags: number): Colours {
  if ((flags & 0x80) === 0) return { bits: null, bytes: 0 }
  const bits = (flags & 0x07) + 1
  return { bits, bytes: 3 * 2 ** bits }
}

/** The offset after the data sub-blocks that begin at `offset`. */
async function skipSubBlocks(window: ByteWindow, offset: number): Promise<number> {
  let at = offset
  for (;;) {
    const bytes = await window.rest(at)
    let i = 0
    while (i < bytes.length) {
      const length = bytes[i] ?? 0
      i += length + 1
      if (length === 0) return at + i
    }
    at += i
  }
}

function damaged(what: string): ImageFault {
  return new ImageFault('image_damaged', `The GIF is damaged: ${what}.`)
}
