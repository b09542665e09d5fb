export function webpChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(8 + data.length + (data.length % 2))
  chunk.write(type, 0, 'latin1')
  chunk.writeUInt32LE(data.length, 4)
  chunk.set(data, 8)
  return chunk
}

export function webp(chunks: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks])
  const file = Buffer.concat([Buffer.from('RIFF....'), body])
  file.writeUInt32LE(body.length, 4)
  return file
}

export type CanvasFields = {
  readonly flags?: number
  readonly width?: number
  readonly height?: number
}

export function vp8x({ flags = 0, width = 2, height = 3 }: CanvasFields = {}): Buffer {
  const data = Buffer.alloc(10)
  data.writeUInt8(flags, 0)
  data.writeUIntLE(width - 1, 4, 3)
  data.writeUIntLE(height - 1, 7, 3)
  return webpChunk('VP8X', data)
}

/** `scale`: 0..3, how a decoder is asked to enlarge the image; no part of its dimensions. */
export function vp8({
  width = 2,
  height = 3,
  scale = 0,
}: CanvasFields & { readonly scale?: number } = {}): Buffer {
  const data = Buffer.from([0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0, 0, 0, 0])
  data.writeUInt16LE(width | (scale << 14), 6)
  data.writeUInt16LE(height | (scale << 14), 8)
  return webpChunk('VP8 ', data)
}

export function vp8l({ width = 2, height = 3 }: CanvasFields = {}): Buffer {
  const data = Buffer.from([0x2f, 0, 0, 0, 0, 0])
  data.writeUInt32LE((width - 1) | ((height - 1) << 14), 1)
  return webpChunk('VP8L', data)
}
