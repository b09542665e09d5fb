import type { Vocabulary } from './vocabulary.ts'

/** Positions are below this, so that a rank and a position fit into one exact number. */
const POSITIONS = 2 ** 24
const NO_TOKEN = -1

/**
 * Counts the tokens of one piece by byte pair encoding: of all neighbours that are a token together, those of
 * the lowest rank are joined first, the leftmost of them first. A heap of the candidates keeps a piece of n
 * bytes at n log n steps; searching all of them for each join would make it n².
 */
export class BytePairEncoder {
  readonly #vocabulary: Vocabulary
  /** Parts are named by their first byte. The first byte of the part behind, and of the one before. */
  #next = new Int32Array(0)
  #previous = new Int32Array(0)
  /** Rank of the token that a part is together with the one behind. */
  #pairRank = new Int32Array(0)
  /** Rank × {@link POSITIONS} + part; what no longer agrees with `#pairRank` is out of date. */
  #heap = new Float64Array(0)
  #heapSize = 0
  /** Blocks of one endless run are alike: blanks up to the bound on tokens can be a quarter of a gigabyte. */
  #last = { bytes: '', tokens: 0 }

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
  }

  /** `bytes`: a piece's UTF-8 as Latin-1, at most 2^24 of them. */
  count(bytes: string): number {
    const { rankOf, longestToken } = this.#vocabulary
    if (bytes.length <= longestToken && rankOf.has(bytes)) return 1
    if (bytes !== this.#last.bytes) this.#last = { bytes, tokens: this.#encode(bytes) }
    return this.#last.tokens
  }

  #encode(bytes: string): number {
    this.#begin(bytes)
    let parts = bytes.length
    while (this.#heapSize > 0) {
      const top = this.#takeLowest()
      const part = top % POSITIONS
      if (this.#pairRank[part] !== (top - part) / POSITIONS) continue
      this.#join(bytes, part)
      parts -= 1
    }
    return parts
  }

  #begin(bytes: string): void {
    const { length } = bytes
    if (this.#next.length <= length) {
      this.#next = new Int32Array(2 * length)
      this.#previous = new Int32Array(2 * length)
      this.#pairRank = new Int32Array(2 * length)
      // One for each pair at the start, and two for each join.
      this.#heap = new Float64Array(6 * length)
    }
    this.#heapSize = 0
    for (let part = 0; part < length; part += 1) {
      this.#next[part] = part + 1
      this.#previous[part] = part - 1
    }
    for (let part = 0; part < length; part += 1) this.#rate(bytes, part)
  }

  /** Finds out what a part and the one behind it are together. */
  #rate(bytes: string, part: number): void {
    const rank = this.#rankOfPair(bytes, part)
    this.#pairRank[part] = rank
    if (rank !== NO_TOKEN) this.#add(rank * POSITIONS + part)
  }

  #rankOfPair(bytes: string, part: number): number {
    const second = this.#next[part] ?? 0
    if (second >= bytes.length) return NO_TOKEN
    const end = this.#next[second] ?? 0
    if (end - part > this.#vocabulary.longestToken) return NO_TOKEN
    return this.#vocabulary.rankOf.get(bytes.slice(part, end)) ?? NO_TOKEN
  }

  #join(bytes: string, part: number): void {
    const second = this.#next[part] ?? 0
    const end = this.#next[second] ?? 0
    this.#pairRank[second] = NO_TOKEN
    this.#next[part] = end
    if (end < bytes.length) this.#previous[end] = part
    this.#rate(bytes, part)
    const before = this.#previous[part] ?? 0
    if (before >= 0) this.#rate(bytes, before)
  }

  #add(value: number): void {
    const heap = this.#heap
    let at = this.#heapSize
    this.#heapSize += 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] ?? 0
      if (above <= value) break
      heap[at] = above
      at = parent
    }
    heap[at] = value
  }

  #takeLowest(): number {
    const heap = this.#heap
    const lowest = heap[0] ?? 0
    this.#heapSize -= 1
    const size = this.#heapSize
    const value = heap[size] ?? 0
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child += 1
      const below = heap[child] ?? 0
      if (below >= value) break
      heap[at] = below
      at = child
    }
    heap[at] = value
    return lowest
  }
}
