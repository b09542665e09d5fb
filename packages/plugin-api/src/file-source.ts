import { Buffer } from 'node:buffer'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { ByteSource } from './reader.ts'

/** Memory for an ordinary read; what a very long line needs beyond is not kept. */
const KEPT_BYTES = 64 * 1024

/** A file on disk, read synchronously: for threads that have nothing else to do meanwhile. */
export interface FileSource extends ByteSource {
  read(start: number, end: number): Uint8Array
  close(): void
}

/** @throws the system's error when the file cannot be opened */
export function openFileSource(path: string): FileSource {
  const descriptor = openSync(path, 'r')
  const memory = Buffer.allocUnsafeSlow(KEPT_BYTES)
  return {
    size: fstatSync(descriptor).size,
    read(start, end) {
      const length = end - start
      const target = length <= KEPT_BYTES ? memory : Buffer.allocUnsafeSlow(length)
      let filled = 0
      while (filled < length) {
        const count = readSync(
          descriptor,
          target,
          filled,
          length - filled,
          start + filled,
        )
        if (count === 0) break
        filled += count
      }
      return target.subarray(0, filled)
    },
    close() {
      closeSync(descriptor)
    },
  }
}
