export const soi = Buffer.from([0xff, 0xd8])
export const eoi = Buffer.from([0xff, 0xd9])

/** A marker segment with its length. */
export function segment(code: number, body: readonly number[]): Buffer {
  const length = body.length + 2
  return Buffer.from([0xff, code, length >> 8, length & 0xff, ...body])
}

export type FrameFields = {
  readonly code?: number
  readonly bitDepth?: number
  readonly width?: number
  readonly height?: number
  readonly components?: number
}

export function frame({
  code = 0xc0,
  bitDepth = 8,
  width = 2,
  height = 3,
  components = 3,
}: FrameFields = {}): Buffer {
  const size = [height >> 8, height & 0xff, width >> 8, width & 0xff]
  const parameters = Array.from({ length: components }, (_, i) => [i + 1, 0x11, 0])
  return segment(code, [bitDepth, ...size, components, ...parameters.flat()])
}

/** A scan header and a few bytes of entropy-coded data. */
export const scan = Buffer.concat([
  segment(0xda, [1, 1, 0, 0, 63, 0]),
  Buffer.from([0x12, 0xff, 0x00, 0x34]),
])

/** A JPEG that is right in its structure, though no decoder would find an image in it. */
export function jpeg(parts: readonly Buffer[]): Buffer {
  return Buffer.concat([soi, ...parts, eoi])
}
