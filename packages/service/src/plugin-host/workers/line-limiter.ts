const WINDOW_MS = 1000
const MAX_LINES = 100

/** Lets at most a hundred lines a second pass and counts the others: a loop that logs must fill no memory. */
export class LineLimiter {
  readonly #now: () => number
  #windowStart = Number.NEGATIVE_INFINITY
  #admitted = 0
  #dropped = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** The lines to log now: this one, or none, or this one after a word about those that were left out. */
  admit(line: string): readonly string[] {
    const now = this.#now()
    const dropped = this.#dropped
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now
      this.#admitted = 0
      this.#dropped = 0
    }
    if (this.#admitted >= MAX_LINES) {
      this.#dropped += 1
      return []
    }
    this.#admitted += 1
    return dropped > 0 && this.#dropped === 0
      ? [`(${dropped} lines were left out)`, line]
      : [line]
  }
}
