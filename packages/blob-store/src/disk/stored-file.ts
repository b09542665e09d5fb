import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { READ_FLAGS } from '../read-flags.ts'
import { openSealedFile, type SealedFileKey } from '../sealed/sealed-file.ts'
import { damaged, readFault } from './read-extent.ts'

/** An extent in a file of its own, for a thread that reads it by itself. It crosses threads. */
export type StoredFilePlace = {
  readonly extentId: string
  readonly path: string
  /** Bytes of the content. */
  readonly bytes: number
  /** What opens it; undefined where it is stored as it is. */
  readonly key: SealedFileKey | undefined
}

/** An extent that is read synchronously: for threads that have nothing else to do meanwhile. */
export interface StoredFile {
  /**
   * The content from `start` on, at most up to `end`: as much of it as costs nothing more than its beginning, one byte at
   * least unless it is empty. The memory may be used again by the next read.
   *
   * @throws CustodyError `content_damaged`
   */
  readSome(start: number, end: number): Uint8Array
  close(): void
}

/** What is read at once of content that is stored as it is. */
const READ_BYTES = 256 * 1024

/** @throws CustodyError `content_damaged`, `overloaded`, `internal_error` */
export function openStoredFile(place: StoredFilePlace): StoredFile {
  const { extentId } = place
  const telling = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw readFault(error, extentId)
    }
  }
  const file = telling(() =>
    place.key ? openSealed(place, place.key) : openPlain(place),
  )
  return {
    readSome: (start, end) => telling(() => file.readSome(start, end)),
    close: () => file.close(),
  }
}

function openSealed({ path, bytes, extentId }: StoredFilePlace, key: SealedFileKey) {
  const file = openSealedFile(path, key)
  if (file.size === bytes) return file
  file.close()
  throw damaged(extentId, `has ${file.size} bytes in place of ${bytes}`)
}

function openPlain({ path, bytes, extentId }: StoredFilePlace): StoredFile {
  const descriptor = openSync(path, READ_FLAGS)
  const { size } = fstatSync(descriptor)
  if (size < bytes) {
    closeSync(descriptor)
    throw damaged(extentId, `ends at byte ${size}`)
  }
  const memory = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, bytes))
  return {
    readSome(start, end) {
      const wanted = Math.min(memory.length, end - start)
      const count = readSync(descriptor, memory, 0, wanted, start)
      if (count === 0 && wanted > 0) throw damaged(extentId, `ends at byte ${start}`)
      return memory.subarray(0, count)
    },
    close: () => closeSync(descriptor),
  }
}
