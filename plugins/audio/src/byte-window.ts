import type { PluginFile } from '@custody/plugin-api'

/** Bytes that are read at once. */
const WINDOW_BYTES = 64 * 1024

/** Reads ranges of a file through one buffer of 64 KiB: a walk forward in small steps asks for each byte once. */
export class ByteWindow {
  readonly size: number
  readonly #file: PluginFile
  readonly #buffer: Buffer
  #start = 0
  #end = 0
  #failure: { readonly error: unknown } | undefined

  constructor(file: PluginFile) {
    this.size = file.size
    this.#file = file
    this.#buffer = Buffer.allocUnsafe(Math.min(file.size, WINDOW_BYTES))
  }

  /** The bytes from `offset` on, at most `length` and 64 KiB of them; fewer at the end. Valid until the next call. */
  async read(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(offset + length, offset + WINDOW_BYTES, this.size)
    if (end <= offset) return this.#buffer.subarray(0, 0)
    if (offset < this.#start || end > this.#end) await this.#load(offset)
    return this.#buffer.subarray(offset - this.#start, end - this.#start)
  }

  /**
   * Where a library works on the file, its errors are about the content. Those of the file itself are not.
   *
   * @throws what a read failed with
   */
  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #load(start: number): Promise<void> {
    const end = Math.min(start + this.#buffer.length, this.size)
    this.#end = this.#start
    let filled = 0
    try {
      for await (const chunk of this.#file.bytes(start, end)) {
        this.#buffer.set(chunk, filled)
        filled += chunk.length
      }
      if (filled !== end - start) {
        throw new Error(`bytes(${start}, ${end}) gave ${filled} bytes`)
      }
    } catch (error) {
      this.#failure = { error }
      throw error
    }
    this.#start = start
    this.#end = end
  }
}
