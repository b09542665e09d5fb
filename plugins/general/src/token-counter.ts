import { Buffer } from 'node:buffer'
import { BytePairEncoder } from './byte-pair-encoder.ts'
import { lastSafeCut } from './last-safe-cut.ts'
import { utf8AsLatin1, type Vocabulary } from './vocabulary.ts'

/** A run of so many UTF-16 code units without a safe cut is cut all the same. */
export const MAX_RUN = 64 * 1024

/**
 * Counts the tokens of a text that comes in parts, in memory for about one part and {@link MAX_RUN}. The sum is that
 * of the whole text, except that a run of more than MAX_RUN code units in which nothing ends a piece (letters
 * alone, blanks alone) is counted in blocks, which can be some tokens off at each border.
 */
export class TokenCounter {
  readonly #vocabulary: Vocabulary
  readonly #encoder: BytePairEncoder
  #pending = ''
  #tokens = 0

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary
    this.#encoder = new BytePairEncoder(vocabulary)
  }

  /** Tokens so far, without those of the text that is still held back. */
  get tokens(): number {
    return this.#tokens
  }

  /** `part` does not end within a surrogate pair. */
  add(part: string): void {
    const text = this.#pending + part
    const cut = lastSafeCut(text)
    const end = text.length - cut > MAX_RUN ? text.length : cut
    this.#count(text.slice(0, end))
    this.#pending = text.slice(end)
  }

  /** The text has ended: gives its tokens. */
  end(): number {
    this.#count(this.#pending)
    this.#pending = ''
    return this.#tokens
  }

  #count(text: string): void {
    const pieces = text.match(this.#vocabulary.piecePattern) ?? []
    const isAscii = Buffer.byteLength(text) === text.length
    for (const piece of pieces) {
      this.#tokens += this.#encoder.count(isAscii ? piece : utf8AsLatin1(piece))
    }
  }
}
