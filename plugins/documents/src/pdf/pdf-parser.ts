import type { Buffer } from 'node:buffer'
import { complexPdf, invalidPdf, type PdfObject, PdfReference } from './pdf-object.ts'

const MAX_DEPTH = 100

/** Of one parser; a dictionary takes the memory of ten numbers. */
const MAX_OBJECTS = 1_000_000
const DICTIONARY_OBJECTS = 10

/** Character classes, ISO 32000-1, 7.2.2. */
const WHITE = 1
const DELIMITER = 2
const classes: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  if ([0, 9, 10, 12, 13, 32].includes(byte)) return WHITE
  return '()<>[]{}/%'.includes(String.fromCharCode(byte)) ? DELIMITER : 0
})

/** The bytes at hand end within an object. */
export class NeedsMoreBytes extends Error {
  override readonly name = 'NeedsMoreBytes'
}

/** Reads objects from bytes, ISO 32000-1, 7.3. */
export class PdfParser {
  readonly #bytes: Buffer
  readonly #isWhole: boolean
  #at: number
  #objects = 0

  /** `isWhole`: nothing follows these bytes. */
  constructor(bytes: Buffer, { at = 0, isWhole }: { at?: number; isWhole: boolean }) {
    this.#bytes = bytes
    this.#isWhole = isWhole
    this.#at = at
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.#at
  }

  /**
   * @throws DocumentFault for what is no object
   * @throws NeedsMoreBytes
   */
  object(depth = 0): PdfObject {
    if (depth > MAX_DEPTH) throw complexPdf(`it nests deeper than ${MAX_DEPTH} levels`)
    this.#count(1)
    this.#skipWhite()
    switch (this.#byte()) {
      case 0x2f: // /
        return this.#name()
      case 0x28: // (
        return this.#literalString()
      case 0x5b: // [
        this.#at += 1
        return this.#array(depth)
      case 0x3c: // <
        if (this.#byte(1) !== 0x3c) return this.#hexString()
        this.#at += 2
        this.#count(DICTIONARY_OBJECTS)
        return this.#dictionary(depth)
      default:
        return this.#numberOrWord()
    }
  }

  /** Takes a keyword, or leaves everything as it is. */
  take(word: string): boolean {
    const start = this.#at
    this.#skipWhite()
    if (this.#token() === word) return true
    this.#at = start
    return false
  }

  /** An integer from 0, or undefined, leaving everything as it is. */
  integer(): number | undefined {
    const start = this.#at
    this.#skipWhite()
    const token = this.#token()
    if (/^\+?\d{1,15}$/.test(token)) return Number(token)
    this.#at = start
    return undefined
  }

  /** Over the end of line after the keyword `stream`. */
  skipLineEnd(): void {
    if (this.#byte() === 0x0d) this.#at += 1
    if (this.#byte() === 0x0a) this.#at += 1
  }

  #count(objects: number): void {
    this.#objects += objects
    if (this.#objects <= MAX_OBJECTS) return
    throw complexPdf(`an object holds more than ${MAX_OBJECTS} others`)
  }

  #array(depth: number): readonly PdfObject[] {
    const items: PdfObject[] = []
    for (;;) {
      this.#skipWhite()
      if (this.#byte() === 0x5d) {
        this.#at += 1
        return items
      }
      items.push(this.object(depth + 1))
    }
  }

  #dictionary(depth: number): ReadonlyMap<string, PdfObject> {
    const entries = new Map<string, PdfObject>()
    for (;;) {
      this.#skipWhite()
      const byte = this.#byte()
      if (byte === 0x3e && this.#byte(1) === 0x3e) {
        this.#at += 2
        return entries
      }
      if (byte !== 0x2f) throw this.#unexpected('the name of a dictionary entry')
      const key = this.#name()
      entries.set(key, this.object(depth + 1))
    }
  }

  #name(): string {
    this.#at += 1
    const name = this.#token()
    return name.replace(/#([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  }

  #literalString(): null {
    let open = 0
    for (;;) {
      const byte = this.#byte()
      this.#at += 1
      if (byte === 0x5c) this.#at += 1
      else if (byte === 0x28) open += 1
      else if (byte === 0x29) open -= 1
      if (open === 0) return null
      if (byte === undefined) throw invalidPdf('a string does not end')
    }
  }

  #hexString(): null {
    while (this.#byte() !== 0x3e) {
      if (this.#byte() === undefined) throw invalidPdf('a string does not end')
      this.#at += 1
    }
    this.#at += 1
    return null
  }

  #numberOrWord(): PdfObject {
    const token = this.#token()
    switch (token) {
      case 'true':
        return true
      case 'false':
        return false
      case 'null':
        return null
    }
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(token))
      throw this.#unexpected('an object', token)
    if (/^\d{1,10}$/.test(token) && this.#isReference()) {
      return new PdfReference(Number(token))
    }
    return Number(token)
  }

  /** Whether a generation and an `R` follow; takes them if so. */
  #isReference(): boolean {
    const start = this.#at
    if (this.integer() !== undefined && this.take('R')) return true
    this.#at = start
    return false
  }

  /** The characters up to the next delimiter or white space; may be empty. */
  #token(): string {
    const start = this.#at
    for (let byte = this.#byte(); byte !== undefined; byte = this.#byte()) {
      if (classes[byte] !== 0) break
      this.#at += 1
    }
    return this.#bytes.toString('latin1', start, this.#at)
  }

  /** White space and comments. */
  #skipWhite(): void {
    for (let byte = this.#byte(); byte !== undefined; byte = this.#byte()) {
      if (byte === 0x25) {
        while (byte !== undefined && byte !== 0x0a && byte !== 0x0d) {
          this.#at += 1
          byte = this.#byte()
        }
      } else if (classes[byte] === WHITE) this.#at += 1
      else return
    }
  }

  /** The byte at hand, or one further on; undefined where the bytes end for good. */
  #byte(ahead = 0): number | undefined {
    const byte = this.#bytes[this.#at + ahead]
    if (byte === undefined && !this.#isWhole) throw new NeedsMoreBytes()
    return byte
  }

  #unexpected(wanted: string, token = ''): Error {
    const found = token.length > 32 ? `${token.slice(0, 32)}…` : token
    const byte = this.#bytes[this.#at]
    if (found === '' && byte === undefined) {
      return invalidPdf(`it ends where ${wanted} should be`)
    }
    const shown = found === '' ? String.fromCharCode(byte ?? 0) : found
    return invalidPdf(
      `'${shown.replaceAll(/[^ -~]/g, '?')}' stands where ${wanted} should be`,
    )
  }
}
