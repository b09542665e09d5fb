import { close, open, read } from 'node:fs'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { CustodyError } from '@custody/domain/errors'
import type { ReadOptions } from '../byte-range.ts'
import { READ_FLAGS } from '../read-flags.ts'
import { hasCode } from './durable-files.ts'
import { storageError } from './storage-error.ts'

/** Bytes of one read: large ones cost fewer trips through the thread pool. */
const READ_BYTES = 256 * 1024

/** What a folder, a pipe, a socket or a loop of links gives in the place of a file. */
const NO_FILE = ['EISDIR', 'ESPIPE', 'ENXIO', 'ELOOP']

const GONE = ['ENOENT', 'ENOTDIR']

const openFile = promisify(open)
const closeFile = promisify(close)
const readFrom = promisify(read)

/**
 * A range of one file that is known to be there and long enough; where it is not, `content_damaged`. One chunk is read
 * while another is used.
 */
export async function* readExtent(
  path: string,
  extentId: string,
  { start, end, reuse = false, signal }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  let position = start
  let spare: Uint8Array | undefined

  async function readOne(descriptor: number): Promise<Uint8Array> {
    const wanted = Math.min(READ_BYTES, end - position)
    // V8 gives such memory back by going through its whole heap, which takes longer than all reads.
    const memory = spare ?? Buffer.allocUnsafeSlow(wanted)
    spare = undefined
    const { bytesRead } = await readFrom(descriptor, memory, 0, wanted, position)
    if (bytesRead === 0) throw damaged(extentId, `ends at byte ${position}`)
    position += bytesRead
    return memory.subarray(0, bytesRead)
  }

  signal?.throwIfAborted()
  if (start >= end) return
  const descriptor = await openFile(path, READ_FLAGS).catch((error: Error) => {
    throw readFault(error, extentId)
  })
  let ahead: Promise<Uint8Array> | undefined = readOne(descriptor)
  try {
    while (ahead) {
      const chunk: Uint8Array = await ahead
      signal?.throwIfAborted()
      ahead = position < end ? readOne(descriptor) : undefined
      ahead?.catch(() => {})
      yield chunk
      if (reuse) spare = new Uint8Array(chunk.buffer)
    }
  } catch (error) {
    throw readFault(error, extentId)
  } finally {
    // A descriptor that is closed under a running read may be another file's by then.
    await ahead?.catch(() => {})
    await closeFile(descriptor)
  }
}

/** @throws CustodyError `content_damaged` if the file is missing or shorter than `bytes` */
export async function requireLength(
  path: string,
  extentId: string,
  bytes: number,
): Promise<void> {
  const { size } = await stat(path).catch((error: Error) => {
    throw readFault(error, extentId)
  })
  if (size < bytes) throw damaged(extentId, `ends at byte ${size}`)
}

/** An error of the file system as one of the store: what is missing or cannot be read is `content_damaged`. */
export function readFault(error: unknown, extentId: string): unknown {
  if (GONE.some((code) => hasCode(error, code)))
    return damaged(extentId, 'is missing', error)
  if (hasCode(error, 'EIO')) return damaged(extentId, 'cannot be read', error)
  if (NO_FILE.some((code) => hasCode(error, code)))
    return damaged(extentId, 'is no file', error)
  return storageError(error, 'Stored content could not be read')
}

/** @param how What is wrong, as the end of a sentence: `is missing`. */
export function damaged(extentId: string, how: string, cause?: unknown): CustodyError {
  return new CustodyError(
    'content_damaged',
    `Stored content is damaged: extent ${extentId} ${how}`,
    { cause },
  )
}
