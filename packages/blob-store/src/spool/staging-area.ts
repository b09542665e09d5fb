import { hash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CustodyError } from '@custody/domain/errors'
import { INLINE_MAX_BYTES } from '../blob-store.ts'
import { type DurableFiles, hasCode } from '../disk/durable-files.ts'
import { BlockPool } from './block-pool.ts'
import { HashThread } from './hash-thread.ts'
import { InlineContent } from './inline-content.ts'
import type { SpooledContent } from './spooled-content.ts'
import { StagedContent } from './staged-content.ts'
import { StagingFile, type StagingShared } from './staging-file.ts'
import { StagingSpool } from './staging-spool.ts'
import type { UploadSpool } from './upload-spool.ts'

/** Makes a complete staging file durable under `extentId`. If it rejects, nothing is stored under that id. */
export type PlaceContent = (
  file: StagingFile,
  extentId: string,
  options: { readonly signal: AbortSignal | undefined },
) => Promise<void>

export type StagingAreaOptions = {
  /** An existing folder that nobody else writes to. */
  readonly folder: string
  readonly files: DurableFiles
  /** Names for staging files, unique in the folder. */
  readonly newId: () => string
  /** What `commit` of content from this area does. */
  readonly place: PlaceContent
}

/** Where uploads are until they are committed: a folder, and the memory and thread that all spools share. */
export class StagingArea {
  readonly #options: StagingAreaOptions
  readonly #shared: StagingShared
  readonly #blocks = new BlockPool()
  readonly #spools = new Set<StagingSpool>()
  /** Paths that somebody works on. */
  readonly #paths = new Set<string>()

  constructor(options: StagingAreaOptions) {
    this.#options = options
    this.#shared = { files: options.files, hashThread: new HashThread(), writeBacks: 0 }
  }

  spool(options: { maxBytes: number; signal: AbortSignal }): UploadSpool {
    const spool = new StagingSpool({
      maxBytes: options.maxBytes,
      signal: options.signal,
      blocks: this.#blocks,
      createFile: () => this.#createFile(),
      removeFile: (file) => this.#removeFile(file),
      inlineContent: (bytes) => this.fromBuffer(bytes),
      stagedContent: (file, sha256) => this.#stagedContent(file, sha256),
      onSettled: () => this.#spools.delete(spool),
    })
    this.#spools.add(spool)
    return spool
  }

  fromBuffer(content: Uint8Array): SpooledContent {
    if (content.length > INLINE_MAX_BYTES) {
      throw new CustodyError(
        'internal_error',
        `Content from a buffer has at most ${INLINE_MAX_BYTES} bytes, not ${content.length}`,
      )
    }
    const sha256 = hash('sha256', content, 'hex')
    return new InlineContent(content, sha256, async () => {
      const file = await this.#createFile()
      try {
        await file.append(content)
      } catch (error) {
        await this.#removeFile(file)
        throw error
      }
      return this.#stagedContent(file, sha256)
    })
  }

  /** See `BlobStore.sweepStaging`. */
  async sweep(options: { readonly olderThan: number; readonly signal?: AbortSignal }) {
    let removed = 0
    let bytes = 0
    for (const name of await readdir(this.#options.folder)) {
      options.signal?.throwIfAborted()
      const path = join(this.#options.folder, name)
      if (this.#paths.has(path)) continue
      const facts = await statIfThere(path)
      if (facts === undefined || !facts.isFile() || facts.mtimeMs >= options.olderThan) {
        continue
      }
      if (await this.#options.files.remove(path)) {
        removed += 1
        bytes += facts.size
      }
    }
    return { removed, bytes }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#spools].map((spool) => spool.discard()))
    await this.#shared.hashThread.close()
  }

  async #createFile(): Promise<StagingFile> {
    const path = join(this.#options.folder, this.#options.newId())
    this.#paths.add(path)
    try {
      return await StagingFile.create(path, this.#shared)
    } catch (error) {
      this.#paths.delete(path)
      throw error
    }
  }

  #stagedContent(file: StagingFile, sha256: string): SpooledContent {
    return new StagedContent(file, sha256, {
      place: async (extentId, options) => {
        await this.#options.place(file, extentId, options)
        await this.#letGo(file)
      },
      remove: () => this.#removeFile(file),
    })
  }

  /** Never rejects: `sweep` finds what could not be removed. */
  async #removeFile(file: StagingFile): Promise<void> {
    await this.#options.files.remove(file.path).catch(() => false)
    await this.#letGo(file)
  }

  async #letGo(file: StagingFile): Promise<void> {
    // Its bytes are durable, or gone: an error of the close would say nothing about them.
    await file.close().catch(() => {})
    this.#paths.delete(file.path)
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
