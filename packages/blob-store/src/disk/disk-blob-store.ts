import { statfsSync } from 'node:fs'
import { access, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'
import type { BlobStore, StoredExtent } from '../blob-store.ts'
import type { ReadOptions } from '../byte-range.ts'
import { HashThread } from '../hash/hash-thread.ts'
import type { SealedExtent } from '../sealed/read-sealed.ts'
import type { SpooledContent } from '../spool/spooled-content.ts'
import {
  type PlaceContent,
  type SealOptions,
  StagingArea,
} from '../spool/staging-area.ts'
import type { UploadSpool } from '../spool/upload-spool.ts'
import { UnsealThreads } from '../unseal/unseal-threads.ts'
import { type DurableFiles, durableFiles, hasCode } from './durable-files.ts'
import { extentPath, isExtentId } from './extent-path.ts'
import { readExtent, requireLength } from './read-extent.ts'
import { storageError } from './storage-error.ts'

export type DiskBlobStoreOptions = {
  /** An existing folder, used by this store alone. `blobs/` and `staging/` are made in it, on one file system. */
  readonly folder: string
  /** Names for staging files: unique among all that ever ran on this folder. */
  readonly newId: () => string
  /** The durable operations; default {@link durableFiles}. A test passes ones that fail. */
  readonly files?: DurableFiles
  /** Seals what is stored from now on. Default: it is stored as it is. */
  readonly seal?: SealOptions
  /** Threads that open sealed content, at most. Default 1. */
  readonly unsealThreads?: number
}

type SignalOption = { readonly signal?: AbortSignal }

/** @throws CustodyError `insufficient_storage`, `internal_error` if the folders cannot be made */
export async function openDiskBlobStore(
  options: DiskBlobStoreOptions,
): Promise<DiskBlobStore> {
  const files = options.files ?? durableFiles
  const blobs = join(options.folder, 'blobs')
  const staging = join(options.folder, 'staging')
  try {
    await files.makeFolderDurably(blobs)
    await files.makeFolderDurably(staging)
    // A fan-out folder may have been made by a process that died before it was durable.
    await files.syncFolder(blobs)
    const fanOut = await readdir(blobs)
    const { newId, seal, unsealThreads = 1 } = options
    const opened = { blobs, staging, fanOut, files, newId, seal, unsealThreads }
    return new DiskBlobStore(opened)
  } catch (error) {
    throw storageError(error, 'The blob folder could not be opened')
  }
}

/** Extents as files: `staging/<id>` until they are durable, `blobs/<2 hex digits>/<extent id>` afterwards. */
export class DiskBlobStore implements BlobStore {
  readonly #blobs: string
  readonly #stagingFolder: string
  readonly #files: DurableFiles
  readonly #staging: StagingArea
  readonly #hashThread = new HashThread()
  readonly #unsealThreads: UnsealThreads
  /** Fan-out folders that are durable, or being made so. */
  readonly #fanOut: Map<string, Promise<void>>

  constructor(options: {
    readonly blobs: string
    readonly staging: string
    /** Names of fan-out folders that are durable. */
    readonly fanOut: readonly string[]
    readonly files: DurableFiles
    readonly newId: () => string
    readonly seal: SealOptions | undefined
    readonly unsealThreads: number
  }) {
    this.#blobs = options.blobs
    this.#stagingFolder = options.staging
    this.#files = options.files
    this.#fanOut = new Map(
      options.fanOut.map((name) => [join(options.blobs, name), Promise.resolve()]),
    )
    this.#unsealThreads = new UnsealThreads({ threads: options.unsealThreads })
    this.#staging = new StagingArea({
      folder: options.staging,
      files: options.files,
      newId: options.newId,
      hashThread: this.#hashThread,
      place: this.#place,
      seal: options.seal,
    })
  }

  spool(options: Parameters<BlobStore['spool']>[0]): UploadSpool {
    return this.#staging.spool(options)
  }

  fromBuffer(content: Uint8Array): SpooledContent {
    return this.#staging.fromBuffer(content)
  }

  read(extentId: string, options: ReadOptions): AsyncIterable<Uint8Array> {
    return readExtent(extentPath(this.#blobs, extentId), extentId, options)
  }

  readSealed(
    extentId: string,
    extent: SealedExtent,
    options: ReadOptions,
  ): AsyncIterable<Uint8Array> {
    const path = extentPath(this.#blobs, extentId)
    return this.#unsealThreads.read({ path, extentId, extent }, options)
  }

  pathOf(extentId: string): string {
    return extentPath(this.#blobs, extentId)
  }

  async digest(
    extentId: string,
    { bytes, signal }: SignalOption & { readonly bytes: number },
  ): Promise<string> {
    const path = extentPath(this.#blobs, extentId)
    await requireLength(path, extentId, bytes)
    signal?.throwIfAborted()
    const hash = this.#hashThread.open(path)
    const cancel = () => void hash.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await hash.digest(bytes)
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  async existing(
    extentIds: readonly string[],
    options: SignalOption = {},
  ): Promise<Set<string>> {
    const found = new Set<string>()
    for (const extentId of extentIds) {
      options.signal?.throwIfAborted()
      if (await isThere(extentPath(this.#blobs, extentId))) found.add(extentId)
    }
    return found
  }

  async delete(extentIds: readonly string[], options: SignalOption = {}) {
    options.signal?.throwIfAborted()
    const paths = extentIds.map((extentId) => extentPath(this.#blobs, extentId))
    try {
      const removed = await this.#files.removeDurably(paths)
      const deleted = removed.map((path) => basename(path))
      const gone = new Set(deleted)
      return { deleted, missing: extentIds.filter((extentId) => !gone.has(extentId)) }
    } catch (error) {
      throw storageError(error, 'Stored content could not be deleted')
    }
  }

  async *list(options: SignalOption = {}): AsyncGenerator<StoredExtent> {
    for (const folder of await readdir(this.#blobs)) {
      const path = join(this.#blobs, folder)
      const names = (await stat(path)).isDirectory() ? await readdir(path) : []
      for (const extentId of names) {
        options.signal?.throwIfAborted()
        if (!isExtentId(extentId) || !extentId.endsWith(folder)) continue
        const facts = await statIfThere(join(path, extentId))
        if (facts === undefined) continue
        yield { extentId, bytes: facts.size, modifiedAt: Math.floor(facts.mtimeMs) }
      }
    }
  }

  async sweepStaging(options: {
    readonly olderThan: number
    readonly signal?: AbortSignal
  }) {
    return await this.#staging.sweep(options)
  }

  freeSpace(): { readonly freeBytes: number; readonly totalBytes: number } {
    const { bavail, blocks, bsize } = statfsSync(this.#stagingFolder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  }

  async close(): Promise<void> {
    await this.#staging.close()
    await this.#hashThread.close()
    await this.#unsealThreads.close()
  }

  readonly #place: PlaceContent = async (file, extentId, { signal }) => {
    const path = extentPath(this.#blobs, extentId)
    await this.#makeFanOut(dirname(path))
    // Ids are unique, so this finds mistakes only; it need not be atomic.
    if (await isThere(path)) {
      throw new CustodyError(
        'internal_error',
        `Something is stored under ${quote(extentId)} already, and an extent never changes`,
      )
    }
    await file.sync()
    signal?.throwIfAborted()
    try {
      await this.#files.renameDurably(file.path, path)
    } catch (error) {
      // The name may be there without being durable; no event will ever promise it.
      await this.#files.remove(path).catch(() => false)
      throw error
    }
  }

  async #makeFanOut(folder: string): Promise<void> {
    const known = this.#fanOut.get(folder)
    if (known !== undefined) return await known
    const made = this.#files.makeFolderDurably(folder)
    this.#fanOut.set(folder, made)
    try {
      await made
    } catch (error) {
      this.#fanOut.delete(folder)
      throw error
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
