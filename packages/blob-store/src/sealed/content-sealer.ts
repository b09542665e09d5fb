import type { SealedFormat, SealMode } from './sealed-formats.ts'
import { FRAME_BYTES, type Frame, seekTable } from './seek-table.ts'
import { StreamSealer } from './stream-sealer.ts'
import { compressFrame } from './zstd-frame.ts'

/** A first frame that shrinks by less than a sixteenth: what is compressed already, or noise. */
const WORTH_IT = 15 / 16

export type ContentSealerOptions = {
  readonly mode: Exclude<SealMode, 'off'>
  readonly dataKey: Uint8Array
  /** 39 bytes. */
  readonly random: Uint8Array
}

/**
 * Turns content into a sealed stream, compressed where that is asked for and the first frame shrinks. Content comes in
 * chunks of {@link FRAME_BYTES}, all but the last one.
 */
export class ContentSealer {
  readonly #sealer: StreamSealer
  readonly #mode: ContentSealerOptions['mode']
  readonly #frames: Frame[] = []
  #format: SealedFormat | undefined
  #ended = false

  constructor({ mode, ...options }: ContentSealerOptions) {
    this.#mode = mode
    this.#sealer = new StreamSealer(options)
  }

  /** How it is stored: known from the first chunk on. */
  get format(): SealedFormat {
    return this.#format ?? 'sealed-stream'
  }

  /** Takes a chunk and returns the pieces of the stream that are whole by now. `chunk` is free again. */
  push(chunk: Uint8Array): Uint8Array[] {
    if (this.#ended || chunk.length > FRAME_BYTES) {
      throw new RangeError(`Content comes in chunks of ${FRAME_BYTES} bytes`)
    }
    this.#ended = chunk.length < FRAME_BYTES
    if (this.#mode === 'encrypt' || this.#format === 'sealed-stream') {
      this.#format = 'sealed-stream'
      return this.#sealer.push(chunk)
    }
    const frame = compressFrame(chunk)
    if (this.#format === undefined && frame.length > chunk.length * WORTH_IT) {
      this.#format = 'sealed-stream'
      return this.#sealer.push(chunk)
    }
    this.#format = 'sealed-stream+zstd'
    this.#frames.push({ compressedBytes: frame.length, bytes: chunk.length })
    return this.#sealer.push(frame)
  }

  /** The rest of the stream. */
  end(): Uint8Array[] {
    const pieces =
      this.#format === 'sealed-stream+zstd'
        ? this.#sealer.push(seekTable(this.#frames))
        : []
    return [...pieces, ...this.#sealer.end()]
  }
}
