import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { CustodyError, quote } from '@custody/domain/errors'

const chunkBytes = 256 * 1024

/** A file that is read to be sent. */
export interface LocalFile {
  readonly bytes: number
  /** Of its last change, in nanoseconds since 1970. */
  readonly changed: string
  /** Bytes from `start` to `end`. @throws CustodyError where it ends before */
  read(start: number, end: number): AsyncIterable<Uint8Array>
  /** Lower-case hex. */
  sha256(start: number, end: number): Promise<string>
  /** @throws CustodyError where it is not as it was when it was opened */
  checkUnchanged(): Promise<void>
  close(): Promise<void>
}

/** @throws CustodyError `invalid_value` */
export async function openLocalFile(path: string, asTyped: string): Promise<LocalFile> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(asTyped, error)
  })
  try {
    const { bytes, changed } = await facts(handle)
    return localFile(handle, asTyped, bytes, changed)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function localFile(
  handle: FileHandle,
  asTyped: string,
  bytes: number,
  changed: string,
): LocalFile {
  async function* read(start: number, end: number): AsyncIterable<Uint8Array> {
    for (let at = start; at < end; ) {
      // Not used again: it may lie in a socket's queue
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - at))
      const { bytesRead } = await handle
        .read(buffer, 0, buffer.length, at)
        .catch((error: unknown) => {
          throw unreadable(asTyped, error)
        })
      if (bytesRead === 0) throw changedMeanwhile(asTyped)
      yield buffer.subarray(0, bytesRead)
      at += bytesRead
    }
  }
  return {
    bytes,
    changed,
    read,
    async sha256(start, end) {
      const hash = createHash('sha256')
      for await (const chunk of read(start, end)) hash.update(chunk)
      return hash.digest('hex')
    },
    async checkUnchanged() {
      const now = await facts(handle)
      if (now.bytes !== bytes || now.changed !== changed) throw changedMeanwhile(asTyped)
    },
    close: () => handle.close(),
  }
}

async function facts(handle: FileHandle): Promise<{ bytes: number; changed: string }> {
  const { size, mtimeNs } = await handle.stat({ bigint: true })
  return { bytes: Number(size), changed: String(mtimeNs) }
}

function changedMeanwhile(asTyped: string): CustodyError {
  return new CustodyError(
    'invalid_value',
    `${quote(asTyped)} was changed while it was sent: nothing of it is kept. Put it again when it stands still.`,
  )
}

function unreadable(asTyped: string, cause: unknown): CustodyError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CustodyError(
    'invalid_value',
    `${quote(asTyped)} cannot be read: ${reason}`,
    {
      cause,
    },
  )
}
