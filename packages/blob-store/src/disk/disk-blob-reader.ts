import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { BlobStore } from '../blob-store.ts'
import { DiskBlobStore } from './disk-blob-store.ts'
import { durableFiles } from './durable-files.ts'
import { isExtentId } from './extent-path.ts'

/** What reads extents, and writes nothing. */
export type BlobReader = Pick<
  BlobStore,
  'read' | 'readSealed' | 'pathOf' | 'list' | 'existing'
> & {
  /** Paths, below the folder of the extents, of what lies there and is none: nothing here writes such, and nothing removes it. */
  strays(): AsyncIterable<string>
}

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
    async *strays() {
      if (!existsSync(blobs)) return
      for (const one of await readdir(blobs, { withFileTypes: true })) {
        const path = join(blobs, one.name)
        const entries = one.isDirectory()
          ? await readdir(path, { withFileTypes: true, recursive: true })
          : [one]
        for (const entry of entries) {
          const found = join(entry.parentPath, entry.name)
          const isExtent =
            isExtentId(entry.name) &&
            store.pathOf(entry.name) === found &&
            !entry.isDirectory()
          if (!isExtent) yield relative(blobs, found)
        }
      }
    },
  }
}
