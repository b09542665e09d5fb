import { hash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CustodyError } from '@custody/domain/errors'
import { INLINE_MAX_BYTES } from '../blob-store.ts'
import { type DurableFiles, hasCode } from '../disk/durable-files.ts'
import type { HashThread } from '../hash/hash-thread.ts'
import { SealThreads } from '../seal/seal-threads.ts'
import { sealContent } from '../sealed/seal-content.ts'
import { DATA_KEY_BYTES, type SealMode } from '../sealed/sealed-formats.ts'
import { FRAME_BYTES } from '../sealed/seek-table.ts'
import { HEADER_BYTES } from '../sealed/segment-layout.ts'
import { BlockPool } from './block-pool.ts'
import type { ContentFollower } from './content-follower.ts'
import { InlineContent } from './inline-content.ts'
import { SealedStagingFile } from './sealed-staging-file.ts'
import type { SpooledContent, StoredForm } from './spooled-content.ts'
import { StagedContent } from './staged-content.ts'
import type { StagedFile } from './staged-file.ts'
import { StagingFile, type StagingShared } from './staging-file.ts'
import { StagingSpool } from './staging-spool.ts'
import type { UploadSpool } from './upload-spool.ts'

/** Makes a complete staging file durable under `extentId`. If it rejects, nothing is stored under that id. */
export type PlaceContent = (
  file: StagedFile,
  extentId: string,
  options: { readonly signal: AbortSignal | undefined },
) => Promise<void>

/** How content is sealed before it touches the disk. */
export type SealOptions = {
  readonly mode: Exclude<SealMode, 'off'>
  /** Random bytes for keys, salts and nonces. */
  readonly random: (bytes: number) => Uint8Array
  /** Threads that seal large content, at most. */
  readonly threads: number
}

/** One block fills while another is written, and two more even out the two speeds: 1 MiB at most for one upload. */
const PLAIN_BLOCKS = 4

/** A frame fills while another is sealed: 2 MiB for one upload, and as much in the thread. */
const SEALED_BLOCKS = 2

/** Uploads at once from which on each fills one frame only: others keep the threads busy while it is sealed. */
const MANY_SPOOLS = 8

/** Frames that are kept for the next spool. */
const MAX_FREE_FRAMES = 8

export type StagingAreaOptions = {
  /** An existing folder that nobody else writes to. */
  readonly folder: string
  readonly files: DurableFiles
  /** Names for staging files, unique in the folder. */
  readonly newId: () => string
  /** Hashes what is stored as it is. */
  readonly hashThread: HashThread
  /** What `commit` of content from this area does. */
  readonly place: PlaceContent
  /** Undefined: content is stored as it is. */
  readonly seal: SealOptions | undefined
}

/** Where uploads are until they are committed: a folder, and the memory and thread that all spools share. */
export class StagingArea {
  readonly #options: StagingAreaOptions
  readonly #shared: StagingShared
  readonly #blocks: BlockPool
  readonly #sealThreads: SealThreads | undefined
  readonly #spools = new Set<StagingSpool>()
  /** Paths that somebody works on. */
  readonly #paths = new Set<string>()

  constructor(options: StagingAreaOptions) {
    this.#options = options
    const { seal, files, hashThread } = options
    this.#shared = { files, hashThread, writeBacks: 0 }
    this.#blocks = seal
      ? new BlockPool({ create: sharedFrame, maxFree: MAX_FREE_FRAMES })
      : new BlockPool()
    this.#sealThreads = seal && new SealThreads({ threads: seal.threads })
  }

  /** See `BlobStore.spool`. */
  spool(options: {
    readonly maxBytes: number
    readonly follower?: ContentFollower | undefined
    readonly signal: AbortSignal
  }): UploadSpool {
    const spool = new StagingSpool({
      maxBytes: options.maxBytes,
      signal: options.signal,
      blocks: this.#blocks,
      maxBlocks: () => this.#maxBlocks(),
      hashesOneBlock: !this.#options.seal,
      createFile: () => this.#createStagedFile(options.follower),
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
    return new InlineContent(content, sha256, {
      seal: (bytes) => this.#storedForm(bytes),
      stage: async ({ inline }) => {
        const file = await this.#createFile({ isReadSoon: true })
        try {
          await file.append(inline ?? content)
        } catch (error) {
          await this.#removeFile(file)
          throw error
        }
        return this.#stagedContent(file, sha256)
      },
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
    await this.#sealThreads?.close()
  }

  #maxBlocks(): number {
    if (!this.#options.seal) return PLAIN_BLOCKS
    return this.#spools.size > MANY_SPOOLS ? 1 : SEALED_BLOCKS
  }

  #storedForm(content: Uint8Array): StoredForm {
    const { seal } = this.#options
    if (!seal) return { format: 'plain', bytes: content.length, inline: content }
    const dataKey = seal.random(DATA_KEY_BYTES)
    const { format, stored } = sealContent(seal.mode, dataKey, content)
    return { format, bytes: stored.length, dataKey, inline: stored }
  }

  async #createStagedFile(follower: ContentFollower | undefined): Promise<StagedFile> {
    const { seal } = this.#options
    // What is stored as it is, a thread hashes by reading it back.
    if (!seal || !this.#sealThreads) return await this.#createFile({ isReadSoon: true })
    const dataKey = seal.random(DATA_KEY_BYTES)
    const random = seal.random(HEADER_BYTES - 1)
    const file = await this.#createFile({ isReadSoon: false })
    try {
      const opened = this.#sealThreads.open({ mode: seal.mode, dataKey, random })
      const oneThread = seal.threads === 1
      return new SealedStagingFile(file, opened, { dataKey, follower, oneThread })
    } catch (error) {
      await this.#removeFile(file)
      throw error
    }
  }

  async #createFile(options: { readonly isReadSoon: boolean }): Promise<StagingFile> {
    const path = join(this.#options.folder, this.#options.newId())
    this.#paths.add(path)
    try {
      return await StagingFile.create(path, this.#shared, options)
    } catch (error) {
      this.#paths.delete(path)
      throw error
    }
  }

  #stagedContent(file: StagedFile, sha256: string): SpooledContent {
    return new StagedContent(file, sha256, {
      place: async (extentId, options) => {
        await this.#options.place(file, extentId, options)
        await this.#letGo(file)
      },
      remove: () => this.#removeFile(file),
    })
  }

  /** Never rejects: `sweep` finds what could not be removed. */
  async #removeFile(file: StagedFile): Promise<void> {
    await this.#options.files.remove(file.path).catch(() => false)
    await this.#letGo(file)
  }

  async #letGo(file: StagedFile): Promise<void> {
    // Its bytes are durable, or gone: an error of the close would say nothing about them.
    await file.close().catch(() => {})
    this.#paths.delete(file.path)
  }
}

/** Shared, so that a thread reads it where it lies. */
function sharedFrame(): Buffer {
  return Buffer.from(new SharedArrayBuffer(FRAME_BYTES))
}

async function statIfThere(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
