import { Buffer } from 'node:buffer'
import type { PluginFile } from '@custody/plugin-api'
import { DocumentFault } from './document-fault.ts'

const MiB = 1024 * 1024

/** Bytes that are read at once. */
export const WINDOW_BYTES = 64 * 1024

/**
 * Reads a file at any offset, and remembers the 64 KiB that it read last. What may be read and inflated in all is
 * bounded, so that no structure of a file makes its inspection long.
 */
export class FileReader {
  readonly size: number
  readonly #file: PluginFile
  #window: Buffer = Buffer.alloc(0)
  #windowStart = 0
  #budget: number

  constructor(file: PluginFile) {
    this.#file = file
    this.size = file.size
    this.#budget = 4 * file.size + 64 * MiB
  }

  /** The `length` bytes from `offset`, or fewer at the end of the file. They must not be changed. */
  async read(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(offset + length, this.size)
    if (!Number.isSafeInteger(offset) || offset < 0 || offset >= end)
      return Buffer.alloc(0)
    const windowEnd = this.#windowStart + this.#window.length
    if (offset >= this.#windowStart && end <= windowEnd) {
      return this.#window.subarray(offset - this.#windowStart, end - this.#windowStart)
    }
    if (length > WINDOW_BYTES) return this.#load(offset, end)
    this.#window = await this.#load(offset, Math.min(offset + WINDOW_BYTES, this.size))
    this.#windowStart = offset
    return this.#window.subarray(0, end - offset)
  }

  /**
   * Counts bytes of work.
   *
   * @throws DocumentFault `document_too_complex` when it becomes too much
   */
  spend(bytes: number): void {
    this.#budget -= bytes
    if (this.#budget >= 0) return
    throw new DocumentFault(
      'document_too_complex',
      'The document is too complex: its structure leads over the same bytes again and again.',
    )
  }

  async #load(start: number, end: number): Promise<Buffer> {
    this.spend(end - start)
    const chunks: Uint8Array[] = []
    for await (const chunk of this.#file.bytes(start, end)) chunks.push(chunk)
    const [first] = chunks
    return chunks.length === 1 && first !== undefined
      ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
      : Buffer.concat(chunks)
  }
}
