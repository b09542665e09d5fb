import { CustodyError, quote } from '@custody/domain/errors'
import type { FormField } from '../../dialects/dialect.ts'
import { parseObject } from '../values/parse-object.ts'
import { duplicateParameter, singleField } from '../values/single-field.ts'
import { unfitPart } from '../values/unfit-part.ts'

// OpenAI's bounds for metadata, in characters
const maxKeys = 16
const maxKeyLength = 64
const maxValueLength = 512

const name = 'metadata'

/** The key in `metadata[key]`; undefined for any other field name, and for keys that nest or are refused. */
export function metadataKeyOf(fieldName: string): string | undefined {
  if (!fieldName.startsWith('metadata[') || !fieldName.endsWith(']')) return undefined
  const key = fieldName.slice('metadata['.length, -1)
  const refused =
    key === '' || key === '__proto__' || key.includes('[') || key.includes(']')
  return refused ? undefined : key
}

/**
 * Metadata: one JSON object of strings in `metadata`, or a field `metadata[key]` for each key. At most 16 keys of
 * at most 64 characters, with values of at most 512.
 *
 * @throws CustodyError
 */
export function parseMetadata(
  fields: readonly FormField[],
): Readonly<Record<string, string>> | undefined {
  const json = singleField(fields, name)
  const pairs = new Map<string, string>()
  for (const field of fields) {
    const key = metadataKeyOf(field.name)
    if (key === undefined) continue
    if (pairs.has(key)) throw duplicateParameter(field.name)
    pairs.set(key, field.value)
  }
  if (json === undefined) return pairs.size === 0 ? undefined : checked(pairs)
  if (pairs.size > 0) throw duplicateParameter(name)
  return checked(pairsOf(json))
}

function pairsOf(json: string): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const [key, value] of Object.entries(parseObject(json, name))) {
    if (typeof value !== 'string') {
      throw new CustodyError(
        'invalid_type',
        `Invalid type for 'metadata': expected a string for the key ${quote(key)}, ` +
          `but got ${quote(value)} instead.`,
        { param: name },
      )
    }
    pairs.set(key, value)
  }
  return pairs
}

function checked(pairs: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  if (pairs.size > maxKeys) {
    throw new CustodyError(
      'invalid_value',
      `Invalid 'metadata': too many keys. At most ${maxKeys} are allowed, but got ${pairs.size} instead.`,
      { param: name },
    )
  }
  for (const [key, value] of pairs) {
    if (key === '' || key === '__proto__') {
      throw new CustodyError(
        'unknown_parameter',
        `Unknown parameter: 'metadata' cannot have the key ${quote(key)}.`,
        { param: name },
      )
    }
    const [inKey, inValue] = [unfitPart(key), unfitPart(value)]
    if (inKey !== undefined || inValue !== undefined) {
      const where = inKey === undefined ? 'the value of the key' : 'the key'
      throw new CustodyError(
        'invalid_value',
        `Invalid 'metadata': ${where} ${quote(key)} has ${inKey ?? inValue}.`,
        { param: name },
      )
    }
    if (isLonger(key, maxKeyLength)) throw tooLong('key', key, maxKeyLength)
    if (isLonger(value, maxValueLength)) throw tooLong('value', value, maxValueLength)
  }
  return Object.fromEntries(pairs)
}

/** In characters, not UTF-16 units. */
function isLonger(text: string, bound: number): boolean {
  return text.length > bound && [...text].length > bound
}

function tooLong(what: string, text: string, bound: number): CustodyError {
  return new CustodyError(
    'string_above_max_length',
    `Invalid 'metadata': the ${what} ${quote(text)} is too long. ` +
      `At most ${bound} characters are allowed, but got ${[...text].length} instead.`,
    { param: name },
  )
}
