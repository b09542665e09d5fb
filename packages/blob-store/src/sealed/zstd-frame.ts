import { promisify } from 'node:util'
import {
  constants,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { damaged } from './damaged.ts'

const inPool = promisify(zstdDecompress)

/** The fastest of the levels that search for repetitions: docs/performance.md. */
const level = { [constants.ZSTD_c_compressionLevel]: 1 }

/** Room for the output in one piece: each further one is a trip through zlib. */
const roomFor = (bytes: number) => Math.max(64, bytes + (bytes >> 7) + 512)

/** Compresses content into one frame of its own. */
export function compressFrame(content: Uint8Array): Uint8Array {
  return zstdCompressSync(content, { params: level, chunkSize: roomFor(content.length) })
}

/**
 * Reads one frame in libuv's pool.
 *
 * @param bytes What it must come to, exactly. More is not even unpacked.
 * @throws CustodyError `content_damaged`
 */
export async function readFrame(frame: Uint8Array, bytes: number): Promise<Uint8Array> {
  try {
    return sized(await inPool(frame, unpacking(bytes)), bytes)
  } catch (error) {
    throw notOne(error)
  }
}

/** {@link readFrame}, at once: for small frames, and for threads that have nothing else to do. */
export function readFrameSync(frame: Uint8Array, bytes: number): Uint8Array {
  try {
    return sized(zstdDecompressSync(frame, unpacking(bytes)), bytes)
  } catch (error) {
    throw notOne(error)
  }
}

const unpacking = (bytes: number) => ({
  maxOutputLength: Math.max(1, bytes),
  chunkSize: Math.max(64, bytes),
})

function sized(content: Uint8Array, bytes: number): Uint8Array {
  if (content.length !== bytes) {
    throw new RangeError(`${content.length} bytes in place of ${bytes}`)
  }
  return content
}

function notOne(cause: unknown) {
  return damaged('a frame cannot be unpacked', cause)
}
