import { hash } from 'node:crypto'
import { CustodyError, fileTooLarge } from '@custody/domain/errors'
import { INLINE_MAX_BYTES } from '../blob-store.ts'
import { storageError } from '../disk/storage-error.ts'
import { copyInto } from '../threads/copy-into.ts'
import type { BlockPool } from './block-pool.ts'
import type { SpooledContent } from './spooled-content.ts'
import type { StagedFile } from './staged-file.ts'
import type { StagedPart, UploadSpool } from './upload-spool.ts'

export type StagingSpoolOptions = {
  readonly maxBytes: number
  readonly signal: AbortSignal
  readonly blocks: BlockPool
  /** Blocks that one upload may take at the moment: one at least. */
  readonly maxBlocks: () => number
  /** Whether content of a single block is hashed here, which is quicker than the way to a thread and back. */
  readonly hashesOneBlock: boolean
  /** Called at most once, when the content is found to be larger than {@link INLINE_MAX_BYTES}. */
  readonly createFile: () => Promise<StagedFile>
  readonly removeFile: (file: StagedFile) => Promise<void>
  readonly inlineContent: (bytes: Uint8Array) => SpooledContent
  readonly stagedContent: (file: StagedFile, sha256: string) => SpooledContent
  /** The spool was discarded, or handed its content over. */
  readonly onSettled: () => void
}

type Block = { readonly memory: Buffer; filled: number }

/** The spool of every store: memory up to 64 KiB, then blocks that go to a staging file one after the other. */
export class StagingSpool implements UploadSpool {
  readonly #options: StagingSpoolOptions
  #bytes = 0
  /** The content as long as it is small. Its first chunk is kept as it came: most small files are one chunk. */
  #head: Uint8Array | undefined
  #filling: Block | undefined
  readonly #full: Block[] = []
  #blocksTaken = 0
  /** A single block is hashed by `end`. */
  #hashedAtEnd = false
  #file: StagedFile | undefined
  #writing: Promise<void> | undefined
  #producer: { resolve(): void; reject(error: unknown): void } | undefined
  #state: 'open' | 'ended' | 'failed' = 'open'
  #failure: unknown
  #content: SpooledContent | undefined
  #released: Promise<void> | undefined

  constructor(options: StagingSpoolOptions) {
    this.#options = options
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (options.signal.aborted) this.#onAbort()
  }

  get bytes(): number {
    return this.#bytes
  }

  get staged(): StagedPart | undefined {
    return this.#file?.part
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.#throwUnlessOpen()
    if (this.#producer !== undefined) {
      throw new Error('A chunk came before the promise for the former one was resolved')
    }
    this.#bytes += chunk.length
    if (this.#bytes > this.#options.maxBytes) throw this.#fail(this.#tooLarge())
    if (this.#bytes <= INLINE_MAX_BYTES) return this.#writeHead(chunk)
    let rest = chunk
    if (this.#head !== undefined) {
      const head = this.#head.subarray(0, this.#bytes - chunk.length)
      this.#head = undefined
      this.#fillBlocks(head)
    }
    // With large blocks the file would come late, and an upload would not be seen in the folder.
    if (!this.#options.hashesOneBlock && this.#file === undefined) {
      this.#writing ??= this.#writeBlocks()
    }
    rest = this.#fillBlocks(rest)
    if (rest.length === 0) return
    const waiting = this.#fillSlowly(rest)
    // A producer that went away is told by its abort already.
    waiting.catch(() => {})
    return waiting
  }

  async end(): Promise<SpooledContent> {
    this.#throwUnlessOpen()
    if (this.#producer !== undefined) {
      throw new Error('The end came before the promise for the last chunk was resolved')
    }
    this.#state = 'ended'
    try {
      const content =
        this.#bytes <= INLINE_MAX_BYTES
          ? this.#options.inlineContent(
              this.#head?.subarray(0, this.#bytes) ?? new Uint8Array(),
            )
          : await this.#endFile()
      this.#throwIfFailed()
      this.#content = content
    } catch (error) {
      const failure = this.#fail(storageError(error, 'The upload could not be stored'))
      await this.#released
      throw failure
    }
    this.#settle()
    return this.#content
  }

  async discard(): Promise<void> {
    if (this.#content !== undefined) return await this.#content.discard()
    this.#fail(new CustodyError('internal_error', 'The upload was discarded'))
    await this.#released
  }

  readonly #onAbort = (): void => {
    this.#fail(this.#options.signal.reason)
  }

  #throwUnlessOpen(): void {
    this.#throwIfFailed()
    if (this.#state !== 'open') throw new Error('The spool has ended')
  }

  #throwIfFailed(): void {
    if (this.#state === 'failed') throw this.#failure
  }

  #tooLarge(): CustodyError {
    const { maxBytes: limit } = this.#options
    return fileTooLarge({ bytes: `at least ${this.#bytes}`, limit, setBy: 'an upload' })
  }

  #writeHead(chunk: Uint8Array): void {
    const before = this.#bytes - chunk.length
    if (before === 0) {
      this.#head = chunk
      return
    }
    if (this.#head === undefined || this.#head.length < INLINE_MAX_BYTES) {
      const head = Buffer.allocUnsafeSlow(INLINE_MAX_BYTES)
      if (this.#head !== undefined) head.set(this.#head)
      this.#head = head
    }
    this.#head.set(chunk, before)
  }

  /** Returns what finds no room now. */
  #fillBlocks(chunk: Uint8Array): Uint8Array {
    let rest = chunk
    while (rest.length > 0) {
      const block = this.#blockToFill()
      if (block === undefined) return rest
      const part = rest.subarray(0, block.memory.length - block.filled)
      copyInto(block.memory, part, block.filled)
      block.filled += part.length
      rest = rest.subarray(part.length)
      if (block.filled === block.memory.length) this.#queue(block)
    }
    return rest
  }

  async #fillSlowly(chunk: Uint8Array): Promise<void> {
    let rest = chunk
    while (rest.length > 0) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      this.#producer = { resolve, reject }
      await promise
      rest = this.#fillBlocks(rest)
    }
  }

  #blockToFill(): Block | undefined {
    if (this.#filling === undefined && this.#blocksTaken < this.#options.maxBlocks()) {
      this.#blocksTaken += 1
      this.#filling = { memory: this.#options.blocks.take(), filled: 0 }
    }
    return this.#filling
  }

  #giveBack(block: Block): void {
    this.#blocksTaken -= 1
    this.#options.blocks.give(block.memory)
    const producer = this.#producer
    this.#producer = undefined
    producer?.resolve()
  }

  #queue(block: Block): void {
    this.#filling = undefined
    this.#full.push(block)
    this.#writing ??= this.#writeBlocks()
  }

  async #writeBlocks(): Promise<void> {
    try {
      if (this.#file === undefined) {
        this.#file = await this.#options.createFile()
        if (!this.#hashedAtEnd && this.#state !== 'failed') this.#file.startHashing()
      }
      for (
        let block = this.#full.shift();
        block !== undefined;
        block = this.#full.shift()
      ) {
        try {
          if (this.#state !== 'failed') {
            await this.#file.append(block.memory.subarray(0, block.filled))
          }
        } finally {
          this.#giveBack(block)
        }
      }
    } catch (error) {
      this.#fail(storageError(error, 'The upload could not be stored'))
    } finally {
      this.#writing = undefined
    }
  }

  async #endFile(): Promise<SpooledContent> {
    const last = this.#filling
    let sha256: string | undefined
    if (last !== undefined) {
      this.#hashedAtEnd = this.#options.hashesOneBlock && last.filled === this.#bytes
      if (this.#hashedAtEnd) {
        sha256 = hash('sha256', last.memory.subarray(0, last.filled), 'hex')
      }
      this.#queue(last)
    }
    await this.#writing
    this.#throwIfFailed()
    const file = this.#file
    if (file?.bytes !== this.#bytes) throw new Error('The staging file misses bytes')
    sha256 ??= await file.sha256()
    return this.#options.stagedContent(file, sha256)
  }

  /** Makes the spool fail, unless it did before or has handed its content over, and returns why it failed. */
  #fail(error: unknown): unknown {
    if (this.#content !== undefined) return error
    if (this.#state === 'failed') return this.#failure
    this.#state = 'failed'
    this.#failure = error
    this.#producer?.reject(error)
    this.#producer = undefined
    this.#released = this.#release()
    return error
  }

  async #release(): Promise<void> {
    this.#head = undefined
    if (this.#filling !== undefined) {
      this.#giveBack(this.#filling)
      this.#filling = undefined
    }
    await this.#writing
    for (const block of this.#full.splice(0)) this.#giveBack(block)
    if (this.#file !== undefined) await this.#options.removeFile(this.#file)
    this.#settle()
  }

  #settle(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    this.#options.onSettled()
  }
}
