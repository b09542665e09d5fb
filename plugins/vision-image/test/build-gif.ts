export type GifFields = {
  readonly width?: number
  readonly height?: number
}

/** Header and screen descriptor, without a colour table. */
export function gifScreen({ width = 2, height = 3 }: GifFields = {}): Buffer {
  const screen = Buffer.alloc(13)
  screen.write('GIF89a', 'latin1')
  screen.writeUInt16LE(width, 6)
  screen.writeUInt16LE(height, 8)
  return screen
}

export type GifFrameFields = GifFields & {
  readonly left?: number
  readonly top?: number
  /** Bits of an index into a colour table of the frame's own. Default: no such table. */
  readonly colourBits?: number
}

export function gifFrame({
  left = 0,
  top = 0,
  width = 2,
  height = 3,
  colourBits = 0,
}: GifFrameFields = {}): Buffer {
  const descriptor = Buffer.alloc(10)
  descriptor.writeUInt8(0x2c, 0)
  descriptor.writeUInt16LE(left, 1)
  descriptor.writeUInt16LE(top, 3)
  descriptor.writeUInt16LE(width, 5)
  descriptor.writeUInt16LE(height, 7)
  if (colourBits > 0) descriptor.writeUInt8(0x80 | (colourBits - 1), 9)
  // Colours whose bytes would be taken for long sub-blocks if the table were not skipped.
  const table = Buffer.alloc(colourBits > 0 ? 3 * 2 ** colourBits : 0, 0xff)
  const codeSizeAndData = Buffer.from([2, 3, 0x84, 0x8f, 0x59, 0])
  return Buffer.concat([descriptor, table, codeSizeAndData])
}

export const gifComment = Buffer.from([0x21, 0xfe, 2, 0x68, 0x69, 0])
export const gifTrailer = Buffer.from([0x3b])
