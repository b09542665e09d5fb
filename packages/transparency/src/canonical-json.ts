/** Deeper nesting is refused, which also ends a circular value. SQLite's own JSON functions stop at the same depth. */
const maxDepth = 1_000

/** Up to this many keys, an insertion sort beats `Array.prototype.sort`. */
const smallKeyCount = 24

/** Up to this length, looking at each character beats a call of `JSON.stringify`. */
const shortTextLength = 48

// The keys that lead to the value being written, for the message of an error. It is not a
// parameter because a path per member would cost more than writing the member.
const path: (string | number)[] = []

/**
 * The canonical JSON text of a value by RFC 8785 (JCS): no white space, keys sorted by UTF-16
 * code units, numbers and texts as ECMAScript writes them. Equal values have equal texts.
 *
 * Takes null, booleans, finite numbers, well-formed strings, arrays, and plain objects (their
 * own enumerable string keys), nested at most 1,000 deep. `toJSON` is not called.
 *
 * @throws TypeError naming the path, for anything else: `undefined` (a missing member is left
 *   out, not undefined), a hole in an array, NaN, an infinity, a bigint, a function, a symbol, a
 *   lone surrogate, an object of a class.
 * @see https://www.rfc-editor.org/rfc/rfc8785
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0)
}

/** The UTF-8 bytes of {@link canonicalJson}: what is hashed, signed and stored. */
export function canonicalBytes(value: unknown): Buffer {
  return Buffer.from(write(value, 0), 'utf8')
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeText(value, depth)
    case 'number':
      if (!Number.isFinite(value)) refuse(`the number ${value}`, depth)
      return `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (depth === maxDepth) refuse(`a value nested deeper than ${maxDepth}`, depth)
      return Array.isArray(value) ? writeArray(value, depth) : writeObject(value, depth)
    case 'undefined':
      return refuse('undefined', depth)
    default:
      return refuse(`a ${typeof value}`, depth)
  }
}

function writeArray(values: readonly unknown[], depth: number): string {
  let text = '['
  for (let index = 0; index < values.length; index++) {
    path[depth] = index
    if (index > 0) text += ','
    text += write(values[index], depth + 1)
  }
  return `${text}]`
}

function writeObject(object: object, depth: number): string {
  if (!isPlain(object)) refuse(describeObject(object), depth)
  let text = '{'
  for (const key of sortKeys(Object.keys(object))) {
    path[depth] = key
    if (text.length > 1) text += ','
    text += `${writeText(key, depth + 1)}:${write(object[key], depth + 1)}`
  }
  return `${text}}`
}

function isPlain(object: object): object is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === Object.prototype || prototype === null
}

function sortKeys(keys: string[]): string[] {
  if (keys.length > smallKeyCount) return keys.sort()
  for (let end = 1; end < keys.length; end++) {
    const key = keys[end] ?? ''
    let hole = end
    for (; hole > 0; hole--) {
      const before = keys[hole - 1] ?? ''
      if (before < key) break
      keys[hole] = before
    }
    keys[hole] = key
  }
  return keys
}

function writeText(text: string, depth: number): string {
  if (text.length <= shortTextLength && isLiteral(text)) return `"${text}"`
  if (!text.isWellFormed()) refuse('a text with a lone surrogate', depth)
  return JSON.stringify(text)
}

/** Whether the text is its own JSON form: nothing to escape, no surrogate. */
function isLiteral(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c) return false
    if (unit >= 0xd800 && unit <= 0xdfff) return false
  }
  return true
}

function refuse(what: string, depth: number): never {
  throw new TypeError(
    `${what} has no canonical JSON (at ${describePath(path.slice(0, depth))}); ` +
      'allowed are null, booleans, finite numbers, well-formed texts, arrays and plain objects',
  )
}

function describePath(keys: readonly (string | number)[]): string {
  let text = '$'
  for (const key of keys) {
    if (typeof key === 'number') text += `[${key}]`
    else if (/^[A-Za-z_]\w*$/.test(key)) text += `.${key}`
    else text += `[${JSON.stringify(key)}]`
    if (text.length > 200) return `${text.slice(0, 200)}…`
  }
  return text
}

function describeObject(object: object): string {
  const name: unknown = object.constructor?.name
  return typeof name === 'string' && name !== ''
    ? `an object of class ${name}`
    : 'an object that is not plain'
}
