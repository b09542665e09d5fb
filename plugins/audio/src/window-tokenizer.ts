import {
  AbstractTokenizer,
  EndOfStreamError,
  type IRandomAccessTokenizer,
  type IReadChunkOptions,
} from 'strtok3'
import type { ByteWindow } from './byte-window.ts'

/** Reads that the libraries may make of one view: a common file takes some hundred. */
const MAX_READS = 4000

/** Bytes that they may read in all. A table takes ten times its bytes in memory. */
const MAX_BYTES = 8 * 1024 * 1024

/** A part of a file as the libraries read it. Nothing that a length in the file says can make them read without end. */
export class WindowTokenizer extends AbstractTokenizer implements IRandomAccessTokenizer {
  readonly fileInfo: { readonly size: number; readonly mimeType?: string }
  readonly #window: ByteWindow
  readonly #start: number
  #reads = 0
  #bytes = 0

  /** `mimeType`: what the part is known to be. */
  constructor(window: ByteWindow, start: number, end: number, mimeType?: string) {
    super({ maxBufferSize: MAX_BYTES })
    this.#window = window
    this.#start = start
    this.fileInfo = { size: end - start, ...(mimeType !== undefined && { mimeType }) }
  }

  /** @throws EndOfStreamError; Error when the file asks for too many reads */
  override async readBuffer(
    target: Uint8Array,
    options?: IReadChunkOptions,
  ): Promise<number> {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options)
    const wanted = Math.max(0, Math.min(length, this.fileInfo.size - position))
    if (wanted < length && mayBeLess !== true) throw new EndOfStreamError()
    this.#account(wanted)
    let filled = 0
    while (filled < wanted) {
      const from = this.#start + position + filled
      const bytes = await this.#window.read(from, wanted - filled)
      target.set(bytes, filled)
      filled += bytes.length
    }
    this.position = position + filled
    return filled
  }

  override async peekBuffer(
    target: Uint8Array,
    options?: IReadChunkOptions,
  ): Promise<number> {
    const { position } = this
    try {
      return await this.readBuffer(target, options)
    } finally {
      this.position = position
    }
  }

  override supportsRandomAccess(): boolean {
    return true
  }

  setPosition(position: number): void {
    this.position = position
  }

  #account(bytes: number): void {
    this.#reads += 1
    this.#bytes += bytes
    if (this.#reads > MAX_READS || this.#bytes > MAX_BYTES) {
      throw new Error(`more than ${MAX_READS} reads or ${MAX_BYTES} bytes`)
    }
  }
}
