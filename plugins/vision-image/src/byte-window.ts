import type { PluginFile } from '@custody/plugin-api'
import { ImageFault } from './image-fault.ts'

/** Bytes that are read at once. */
export const WINDOW_BYTES = 64 * 1024

/**
 * Reads a file forward through one buffer of 64 KiB: what is jumped over is not read, and a walk in small steps
 * asks for each byte once. What it returns is valid until the next call.
 */
export class ByteWindow {
  readonly size: number
  readonly #file: PluginFile
  readonly #buffer: Buffer
  #start = 0
  #end = 0

  constructor(file: PluginFile) {
    this.size = file.size
    this.#file = file
    this.#buffer = Buffer.allocUnsafe(Math.min(file.size, WINDOW_BYTES))
  }

  /**
   * The `length` bytes (at most 64 KiB) from `offset`.
   *
   * @throws ImageFault `image_truncated` when the file ends before
   */
  async read(offset: number, length: number): Promise<Buffer> {
    if (offset < this.#start || offset + length > this.#end) {
      this.requireUpTo(offset + length)
      await this.#load(offset)
    }
    const from = offset - this.#start
    return this.#buffer.subarray(from, from + length)
  }

  /**
   * The bytes from `offset` on that are at hand: at least one.
   *
   * @throws ImageFault `image_truncated` at the end of the file
   */
  async rest(offset: number): Promise<Buffer> {
    if (offset < this.#start || offset >= this.#end) {
      this.requireUpTo(offset + 1)
      await this.#load(offset)
    }
    return this.#buffer.subarray(offset - this.#start, this.#end - this.#start)
  }

  /** @throws ImageFault `image_truncated` when the file ends before the offset `end` */
  requireUpTo(end: number): void {
    if (end > this.size) {
      throw new ImageFault(
        'image_truncated',
        `The file ends at byte ${this.size}, but its image goes on at least to byte ${end}.`,
      )
    }
  }

  async #load(start: number): Promise<void> {
    const end = Math.min(start + this.#buffer.length, this.size)
    let filled = 0
    for await (const chunk of this.#file.bytes(start, end)) {
      this.#buffer.set(chunk, filled)
      filled += chunk.length
    }
    if (filled !== end - start) {
      throw new Error(`bytes(${start}, ${end}) gave ${filled} bytes`)
    }
    this.#start = start
    this.#end = end
  }
}
