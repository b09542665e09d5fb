import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobStore } from '../blob-store.ts'
import { DiskBlobStore } from './disk-blob-store.ts'
import { durableFiles } from './durable-files.ts'

/** What reads extents, and writes nothing. */
export type BlobReader = Pick<
  BlobStore,
  'read' | 'readSealed' | 'pathOf' | 'list' | 'existing'
>

/** Opens the extents of a folder for reading only: nothing is made in it. Without a `blobs/`, it has none. */
export function openDiskBlobReader(folder: string): BlobReader {
  const blobs = join(folder, 'blobs')
  const store = new DiskBlobStore({
    blobs,
    staging: join(folder, 'staging'),
    fanOut: [],
    files: durableFiles,
    seal: undefined,
    unsealThreads: 1,
    newId() {
      throw new TypeError('A reader stages nothing')
    },
  })
  return {
    read: (extentId, options) => store.read(extentId, options),
    readSealed: (extentId, extent, options) =>
      store.readSealed(extentId, extent, options),
    existing: (extentIds, options) => store.existing(extentIds, options),
    pathOf: (extentId) => store.pathOf(extentId),
    async *list(options) {
      if (existsSync(blobs)) yield* store.list(options)
    },
  }
}
