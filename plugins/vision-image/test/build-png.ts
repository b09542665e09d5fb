import { crc32, deflateSync } from 'node:zlib'

export const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex')

export function pngChunk(type: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const chunk = Buffer.alloc(data.length + 12)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write(type, 4, 'latin1')
  chunk.set(data, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length)
  return chunk
}

export type PngFields = {
  readonly width?: number
  readonly height?: number
  readonly bitDepth?: number
  readonly colourType?: number
  /** Compression, filter and interlace method. */
  readonly methods?: readonly [number, number, number]
}

export function ihdr({
  width = 2,
  height = 3,
  bitDepth = 8,
  colourType = 2,
  methods = [0, 0, 0],
}: PngFields = {}): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width, 0)
  data.writeUInt32BE(height, 4)
  data.set([bitDepth, colourType, ...methods], 8)
  return pngChunk('IHDR', data)
}

/** Black pixels: three rows of a filter byte and two RGB pixels. */
export const idat = pngChunk('IDAT', deflateSync(Buffer.alloc(3 * (1 + 2 * 3))))
export const iend = pngChunk('IEND')

/** A PNG of these chunks, in place of IDAT alone, between IHDR and IEND. */
export function png(fields: PngFields = {}, chunks: readonly Buffer[] = [idat]): Buffer {
  return Buffer.concat([pngSignature, ihdr(fields), ...chunks, iend])
}
