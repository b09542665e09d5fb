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
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #segment = 0

  constructor({ dataKey, random, segmentBytes, associatedData }: StreamSealerOptions) {
    this.#header = sealedHeader(random)
    this.#cipher = segmentCipher(dataKey, this.#header, associatedData)
    this.#segmentBytes = segmentBytes ?? SEGMENT_BYTES
  }

  /** Bytes of content in the segments that are sealed by now. */
  get sealedBytes(): number {
    return this.#segment === 0
      ? 0
      : this.#segment * (this.#segmentBytes - TAG_BYTES) - HEADER_BYTES
  }

  /** Takes a chunk and returns the pieces of the stream that are whole by now. What is kept of the chunk is copied. */
  push(chunk: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = []
    let rest = chunk
    for (let room = this.#room(); rest.length > room; room = this.#room()) {
      this.#pending.push(rest.subarray(0, room))
      rest = rest.subarray(room)
      pieces.push(...this.#seal(false))
    }
    if (rest.length > 0) {
      this.#pending.push(new Uint8Array(rest))
      this.#pendingBytes += rest.length
    }
    return pieces
  }

  /** The rest of the stream. */
  end(): Uint8Array[] {
    return this.#seal(true)
  }

  /** How much more the segment takes. */
  #room(): number {
    const first = this.#segment === 0 ? HEADER_BYTES : 0
    return this.#segmentBytes - first - TAG_BYTES - this.#pendingBytes
  }

  #seal(isLast: boolean): Uint8Array[] {
    if (this.#segment >= MAX_SEGMENTS) throw new RangeError('The stream is too long')
    const pieces = this.#cipher.seal(this.#segment, isLast, this.#pending)
    if (this.#segment === 0) pieces.unshift(this.#header)
    this.#segment += 1
    this.#pending = []
    this.#pendingBytes = 0
    return pieces
  }
}
