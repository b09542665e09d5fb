import { Buffer } from 'node:buffer'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { ByteSource } from './reader.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** Memory for reads, in steps: an ordinary one, long lines, the longest. */
const STEPS = [64 * KiB, MiB, 33 * MiB]

/** A file on disk, read synchronously: for threads that have nothing else to do meanwhile. */
export interface FileSource extends ByteSource {
  read(start: number, end: number): Uint8Array
  close(): void
}

/** @throws the system's error when the file cannot be opened */
export function openFileSource(path: string): FileSource {
  const descriptor = openSync(path, 'r')
  let memory = Buffer.allocUnsafeSlow(0)
  return {
    size: fstatSync(descriptor).size,
    read(start, end) {
      const length = end - start
      if (memory.length < length) {
        const step = STEPS.find((bytes) => bytes >= length)
        memory = Buffer.allocUnsafeSlow(step ?? length)
      }
      let filled = 0
      while (filled < length) {
        const count = readSync(
          descriptor,
          memory,
          filled,
          length - filled,
          start + filled,
        )
        if (count === 0) break
        filled += count
      }
      return memory.subarray(0, filled)
    },
    close() {
      closeSync(descriptor)
    },
  }
}
