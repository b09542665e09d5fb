import { type SegmentCipher, sealedHeader, segmentCipher } from './segment-cipher.ts'
import { HEADER_BYTES, MAX_SEGMENTS, SEGMENT_BYTES, TAG_BYTES } from './segment-layout.ts'

export type StreamSealerOptions = {
  readonly dataKey: Uint8Array
  /** 39 bytes, see {@link sealedHeader}. */
  readonly random: Uint8Array
  /** Default {@link SEGMENT_BYTES}. */
  readonly segmentBytes?: number
  readonly associatedData?: Uint8Array
}

/** Turns content into a sealed stream, front to back. It holds one segment: which one is the last is known at the end only. */
export class StreamSealer {
  readonly #header: Uint8Array
  readonly #cipher: SegmentCipher
  readonly #segmentBytes: number
  /** What has come of the segment: the first `#filled` bytes. */
  #pending = new Uint8Array()
  #filled = 0
  #segment = 0

  constructor({ dataKey, random, segmentBytes, associatedData }: StreamSealerOptions) {
    this.#header = sealedHeader(random)
    this.#cipher = segmentCipher(dataKey, this.#header, associatedData)
    this.#segmentBytes = segmentBytes ?? SEGMENT_BYTES
  }

  /** Takes a chunk and returns the pieces of the stream that are whole by now. What is kept of the chunk is copied. */
  push(chunk: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = []
    let rest = chunk
    for (let room = this.#room(); rest.length > room; room = this.#room()) {
      pieces.push(...this.#seal(false, rest.subarray(0, room)))
      rest = rest.subarray(room)
    }
    this.#keep(rest)
    return pieces
  }

  /** The rest of the stream. */
  end(): Uint8Array[] {
    return this.#seal(true, new Uint8Array())
  }

  #keep(rest: Uint8Array): void {
    const filled = this.#filled + rest.length
    if (filled > this.#pending.length) {
      // Doubled, so that what grows in small steps is not copied with each.
      const length = Math.min(
        Math.max(filled, 2 * this.#pending.length),
        this.#segmentBytes,
      )
      const larger = new Uint8Array(length)
      larger.set(this.#pending.subarray(0, this.#filled))
      this.#pending = larger
    }
    this.#pending.set(rest, this.#filled)
    this.#filled = filled
  }

  /** How much more the segment takes. */
  #room(): number {
    const first = this.#segment === 0 ? HEADER_BYTES : 0
    return this.#segmentBytes - first - TAG_BYTES - this.#filled
  }

  #seal(isLast: boolean, rest: Uint8Array): Uint8Array[] {
    if (this.#segment >= MAX_SEGMENTS) throw new RangeError('The stream is too long')
    const parts = [this.#pending.subarray(0, this.#filled), rest]
    const pieces = this.#cipher.seal(this.#segment, isLast, parts)
    if (this.#segment === 0) pieces.unshift(this.#header)
    this.#segment += 1
    this.#filled = 0
    return pieces
  }
}
