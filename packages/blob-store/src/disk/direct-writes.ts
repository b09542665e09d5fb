import type { FileHandle } from 'node:fs/promises'
import { type DurableFiles, hasCode } from './durable-files.ts'

/** No file system asks for larger blocks. */
const BLOCK_BYTES = 4096

/** A smaller write is not worth a second descriptor. */
const MIN_BYTES = 512 * 1024

/**
 * Writes past the page cache: content that nobody reads soon is not copied there, and pushes nothing out that somebody does
 * (docs/decisions/0031-direct-writes.md).
 */
export class DirectWrites {
  readonly #files: DurableFiles
  readonly #path: string
  #handle: FileHandle | undefined
  #isRefused = false

  /** @param path Of a file that is there. */
  constructor(files: DurableFiles, path: string) {
    this.#files = files
    this.#path = path
  }

  /**
   * Writes whole blocks from the start of `content`, and answers how many bytes: none where they are to be written as ever,
   * because there are too few, or the file system does not have such writes or wants the memory to lie elsewhere.
   */
  async write(content: Uint8Array, position: number): Promise<number> {
    const bytes = content.length - (content.length % BLOCK_BYTES)
    if (this.#isRefused || bytes < MIN_BYTES || position % BLOCK_BYTES !== 0) return 0
    try {
      this.#handle ??= await this.#files.openDirectly(this.#path)
      if (this.#handle) {
        return (await this.#handle.write(content, 0, bytes, position)).bytesWritten
      }
    } catch (error) {
      if (!hasCode(error, 'EINVAL')) throw error
    }
    this.#isRefused = true
    return 0
  }

  async close(): Promise<void> {
    await this.#handle?.close()
  }
}
