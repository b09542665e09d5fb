import type { FileHandle } from 'node:fs/promises'
import { DirectWrites } from '../disk/direct-writes.ts'
import type { DurableFiles } from '../disk/durable-files.ts'
import type { FileHash, HashThread } from '../hash/hash-thread.ts'
import type { StoredForm } from './spooled-content.ts'
import type { StagedFile } from './staged-file.ts'
import type { StagedPart } from './upload-spool.ts'

/** Written bytes after which the disk is told to begin: the sync at the end then finds little left. */
const WRITE_BACK_BYTES = 32 * 1024 * 1024

/** Written bytes after which the hash thread is told: a message wakes it, which costs 0.1 ms on busy cores. */
const HASH_STEP_BYTES = 4 * 1024 * 1024

/** Syncs in the background at once, over all spools: each holds a thread of libuv's pool. */
const MAX_WRITE_BACKS = 2

/** What the staging files of one store share. */
export type StagingShared = {
  readonly files: DurableFiles
  readonly hashThread: HashThread
  /** Background syncs that run at the moment. */
  writeBacks: number
}

/** One file in the staging folder: written front to back by one writer, hashed in the background. */
export class StagingFile implements StagedFile {
  readonly path: string
  readonly #shared: StagingShared
  readonly #handle: FileHandle
  readonly #direct: DirectWrites | undefined
  #bytes = 0
  #hash: FileHash | undefined
  /** Bytes that the hash thread knows of. */
  #told = 0
  #notSynced = 0
  #writeBack: Promise<void> | undefined
  #writeBackFault: { readonly error: unknown } | undefined
  #closed: Promise<void> | undefined

  /**
   * @param path Must be free.
   * @param options.isReadSoon Its content is read back while it grows or soon after: it is to stay in the page cache.
   */
  static async create(
    path: string,
    shared: StagingShared,
    options: { readonly isReadSoon: boolean },
  ): Promise<StagingFile> {
    const handle = await shared.files.createExclusively(path)
    const direct = options.isReadSoon ? undefined : new DirectWrites(shared.files, path)
    return new StagingFile(path, shared, { handle, direct })
  }

  private constructor(
    path: string,
    shared: StagingShared,
    to: { readonly handle: FileHandle; readonly direct: DirectWrites | undefined },
  ) {
    this.path = path
    this.#shared = shared
    this.#handle = to.handle
    this.#direct = to.direct
  }

  /** Bytes that can be read from the file. */
  get bytes(): number {
    return this.#bytes
  }

  get part(): StagedPart {
    return { path: this.path, bytes: this.#bytes }
  }

  get stored(): StoredForm {
    return { format: 'plain', bytes: this.#bytes, inline: undefined }
  }

  /** From now on the file is hashed while it grows. */
  startHashing(): void {
    this.#hash = this.#shared.hashThread.open(this.path)
  }

  async append(content: Uint8Array): Promise<void> {
    let rest = content
    while (rest.length > 0) {
      let written = (await this.#direct?.write(rest, this.#bytes)) ?? 0
      if (written === 0) {
        const { bytesWritten } = await this.#handle.write(
          rest,
          0,
          rest.length,
          this.#bytes,
        )
        written = bytesWritten
        this.#notSynced += written
      }
      this.#bytes += written
      rest = rest.subarray(written)
    }
    this.#throwFault()
    this.#tellHash()
    if (this.#notSynced >= WRITE_BACK_BYTES) this.#startWriteBack()
  }

  /** The SHA-256 of the whole file, which must have been hashing. */
  async sha256(): Promise<string> {
    if (this.#hash === undefined) throw new Error('The file is not being hashed')
    return await this.#hash.digest(this.#bytes)
  }

  /** After a power cut all that was appended is there, if the file's name is. */
  async sync(): Promise<void> {
    await this.#writeBack
    this.#throwFault()
    await this.#shared.files.syncFile(this.#handle)
  }

  /** Lets go of the file and leaves it where it is. Any number of times. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#hash?.cancel()
    await this.#writeBack
    try {
      await this.#direct?.close()
    } finally {
      await this.#handle.close()
    }
  }

  #tellHash(): void {
    if (this.#hash === undefined || this.#bytes - this.#told < HASH_STEP_BYTES) return
    this.#told = this.#bytes
    this.#hash.advance(this.#bytes)
  }

  #throwFault(): void {
    if (this.#writeBackFault !== undefined) throw this.#writeBackFault.error
  }

  #startWriteBack(): void {
    if (this.#writeBack !== undefined || this.#shared.writeBacks >= MAX_WRITE_BACKS)
      return
    this.#notSynced = 0
    this.#shared.writeBacks += 1
    this.#writeBack = this.#shared.files
      .syncData(this.#handle)
      // The kernel tells each descriptor of a lost page only once: a later sync would succeed.
      .catch((error: unknown) => {
        this.#writeBackFault = { error }
      })
      .finally(() => {
        this.#shared.writeBacks -= 1
        this.#writeBack = undefined
      })
  }
}
