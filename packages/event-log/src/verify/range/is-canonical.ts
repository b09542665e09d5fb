import { canonicalJson } from '@custody/transparency'

/**
 * Whether a text is canonical JSON (RFC 8785).
 *
 * Nearly all texts of a log are of plain members: one look at each character tells that they are canonical, in
 * a third of the time that it takes to parse them and write them anew. That decides all others.
 */
export function isCanonical(text: string): boolean {
  if (isPlainJson(text)) return true
  try {
    return canonicalJson(JSON.parse(text)) === text
  } catch {
    // No JSON, or nested too deep.
    return false
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Deeper nesting is left to the parser. */
const MAX_DEPTH = 32

/** Integers of so many digits are exact in a double, and written as they are. */
const MAX_DIGITS = 15

// What is scanned, and where. No parameters: the scan costs as much as passing them would.
let source = ''
let at = 0

/**
 * True only where this part of a text (from `start` up to `end`; all of it by default) is canonical JSON without escapes,
 * fractions and surrogates. False says nothing.
 */
export function isPlainJson(text: string, start = 0, end = text.length): boolean {
  source = text
  at = start
  const isWhole = scanValue(0) && at === end
  source = ''
  return isWhole
}

/** Whether a text is its own JSON form between quotes, and all of it can be seen: ASCII. */
export function isPlainText(text: unknown): text is string {
  if (typeof text !== 'string') return false
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20 || unit > 0x7e || unit === QUOTE || unit === BACKSLASH) return false
  }
  return true
}

function scanValue(depth: number): boolean {
  const first = source.charCodeAt(at)
  if (first === QUOTE) return scanText()
  if (first === OPEN_OBJECT) return depth < MAX_DEPTH && scanObject(depth + 1)
  if (first === OPEN_LIST) return depth < MAX_DEPTH && scanList(depth + 1)
  if (first === MINUS || (first >= ZERO && first <= NINE)) return scanInteger(first)
  return scanWord('null') || scanWord('true') || scanWord('false')
}

function scanText(): boolean {
  for (at += 1; ; at += 1) {
    const unit = source.charCodeAt(at)
    if (unit === QUOTE) {
      at += 1
      return true
    }
    // The end of the text is NaN, which is nothing of this either.
    if (!(unit >= 0x20 && unit < 0xd800 && unit !== BACKSLASH)) return false
  }
}

function scanInteger(first: number): boolean {
  if (first === MINUS) {
    at += 1
    // There is no canonical -0.
    if (source.charCodeAt(at) === ZERO) return false
  }
  const start = at
  for (; ; at += 1) {
    const digit = source.charCodeAt(at)
    if (!(digit >= ZERO && digit <= NINE)) break
  }
  const digits = at - start
  if (digits === 0 || digits > MAX_DIGITS) return false
  return digits === 1 || source.charCodeAt(start) !== ZERO
}

function scanWord(word: string): boolean {
  if (!source.startsWith(word, at)) return false
  at += word.length
  return true
}

function scanList(depth: number): boolean {
  at += 1
  if (source.charCodeAt(at) === CLOSE_LIST) {
    at += 1
    return true
  }
  for (;;) {
    if (!scanValue(depth)) return false
    const next = source.charCodeAt(at)
    at += 1
    if (next === CLOSE_LIST) return true
    if (next !== COMMA) return false
  }
}

function scanObject(depth: number): boolean {
  at += 1
  if (source.charCodeAt(at) === CLOSE_OBJECT) {
    at += 1
    return true
  }
  let before = -1
  for (;;) {
    const key = at
    if (source.charCodeAt(at) !== QUOTE || !scanText()) return false
    if (before !== -1 && !isAfter(key, before)) return false
    before = key
    if (source.charCodeAt(at) !== COLON) return false
    at += 1
    if (!scanValue(depth)) return false
    const next = source.charCodeAt(at)
    at += 1
    if (next === CLOSE_OBJECT) return true
    if (next !== COMMA) return false
  }
}

/** Whether the key whose quote is at `one` comes after that at `other`, by UTF-16 code units. */
function isAfter(one: number, other: number): boolean {
  for (let offset = 1; ; offset += 1) {
    const unit = source.charCodeAt(one + offset)
    const before = source.charCodeAt(other + offset)
    if (unit === before && unit !== QUOTE) continue
    // A key that ends is before one that goes on, whatever with: a space and `!` are below the quote.
    if (before === QUOTE) return unit !== QUOTE
    return unit !== QUOTE && unit > before
  }
}
