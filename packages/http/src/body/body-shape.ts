import { CustodyError, quote } from '@custody/domain/errors'
import { checkInteger } from '../fields/values/parse-integer.ts'
import { missingParameter } from '../fields/values/single-field.ts'
import { unfitPart } from '../fields/values/unfit-part.ts'
import { wrongJsonType } from '../fields/values/wrong-type.ts'

/** Checks a value of a JSON body, and gives it back with its type. `param` is its dotted path. */
export type Reader<T> = (value: unknown, param: string) => T

/** A member that may be left out. */
export type Optional<T> = {
  readonly optional: Reader<T>
  /** What null reads as; absent: null is the same as left out. */
  readonly whenNull?: T
}

type Shape = Readonly<Record<string, Reader<unknown> | Optional<unknown>>>
type OptionalKeys<S extends Shape> = {
  [K in keyof S]: S[K] extends Optional<unknown> ? K : never
}[keyof S]
type Read<S extends Shape> = {
  [K in Exclude<keyof S, OptionalKeys<S>>]: S[K] extends Reader<infer T> ? T : never
} & {
  [K in OptionalKeys<S>]?: S[K] extends Optional<infer T> ? T : never
}

export function optional<T>(reader: Reader<T>): Optional<T> {
  return { optional: reader }
}

/** A member that may be left out, which leaves things as they are, or be null, which clears them. */
export function clearable<T>(reader: Reader<T>): Optional<T | null> {
  return { optional: reader, whenNull: null }
}

/**
 * A JSON object with these members and no other. A member that is null is absent, unless it is clearable: SDKs
 * send null for what the caller left out.
 *
 * @throws CustodyError `unknown_parameter`, `missing_required_parameter`, and what the readers throw
 */
export function object<S extends Shape>(shape: S): Reader<Read<S>> {
  return (value, param) => {
    const members = membersOf(value, param)
    for (const name of members.keys()) {
      if (!Object.hasOwn(shape, name)) throw unknownParameter(join(param, name))
    }
    const read: Record<string, unknown> = {}
    for (const [name, reader] of Object.entries(shape)) {
      const member = members.get(name)
      const path = join(param, name)
      if (typeof reader === 'function') {
        if (member === undefined || member === null) throw missingParameter(path)
        read[name] = reader(member, path)
      } else if (member === null) {
        if (reader.whenNull !== undefined) read[name] = reader.whenNull
      } else if (member !== undefined) read[name] = reader.optional(member, path)
    }
    return read as Read<S>
  }
}

/** An object with any keys, at most `maxKeys` of at most `maxKeyLength` characters, each value of one shape. */
export function record<T>(
  reader: Reader<T>,
  { maxKeys, maxKeyLength }: { readonly maxKeys: number; readonly maxKeyLength: number },
): Reader<Record<string, T>> {
  return (value, param) => {
    const keys = [...membersOf(value, param).keys()]
    if (keys.length > maxKeys || keys.some((key) => key.length > maxKeyLength)) {
      throw new CustodyError(
        'invalid_value',
        `Invalid '${param}': at most ${maxKeys} keys of at most ${maxKeyLength} characters are allowed.`,
        { param },
      )
    }
    const entries = [...membersOf(value, param)].map(([name, one]): [string, T] => {
      const unfit = unfitPart(name)
      if (unfit !== undefined) {
        throw new CustodyError(
          'invalid_value',
          `Invalid '${param}': the key ${quote(name)} has ${unfit}.`,
          { param },
        )
      }
      if (name === '__proto__') throw unknownParameter(join(param, name))
      return [name, reader(one, join(param, name))]
    })
    return Object.fromEntries(entries)
  }
}

function membersOf(value: unknown, param: string): Map<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return new Map(Object.entries(value))
  }
  throw wrongJsonType(param === '' ? 'body' : param, 'an object', value)
}

function unknownParameter(path: string): CustodyError {
  return new CustodyError('unknown_parameter', `Unknown parameter: ${quote(path)}.`, {
    param: path.slice(0, 64),
  })
}

/** A text that is not empty, of at most `maxLength` characters, and that can be stored. */
export function text(maxLength: number): Reader<string> {
  const any = anyText(maxLength)
  return (value, param) => {
    const read = any(value, param)
    const unfit = unfitPart(read)
    if (unfit === undefined) return read
    throw new CustodyError(
      'invalid_value',
      `Invalid '${param}': ${quote(read)} has ${unfit}. Any other character is allowed.`,
      { param },
    )
  }
}

/** The same with whatever characters: for what is looked at further on. */
export function anyText(maxLength: number): Reader<string> {
  return (value, param) => {
    if (typeof value !== 'string') throw wrongJsonType(param, 'a string', value)
    if (value.trim() === '') throw missingParameter(param)
    if (value.length > maxLength) {
      throw new CustodyError(
        'string_above_max_length',
        `Invalid '${param}': string too long. Expected a string with maximum length ${maxLength}, ` +
          `but got a string with length ${value.length} instead.`,
        { param },
      )
    }
    return value
  }
}

export function oneOf<T extends string>(allowed: readonly T[]): Reader<T> {
  return (value, param) => {
    const found = allowed.find((candidate) => candidate === value)
    if (found !== undefined) return found
    throw new CustodyError(
      'invalid_value',
      `Invalid value: ${quote(value)}. Supported values are: ${allowed.map(quote).join(', ')}.`,
      { param },
    )
  }
}

export function boolean(value: unknown, param: string): boolean {
  if (typeof value === 'boolean') return value
  throw wrongJsonType(param, 'a boolean', value)
}

/** A list with at least one item. `allowed` ends the refusal of an empty one. */
export function someOf<T>(item: Reader<T>, allowed: readonly string[]): Reader<T[]> {
  return (value, param) => {
    if (!Array.isArray(value)) throw wrongJsonType(param, 'an array', value)
    if (value.length === 0) {
      throw new CustodyError(
        'invalid_value',
        `Invalid '${param}': empty array. Name at least one of: ${allowed.map(quote).join(', ')}.`,
        { param },
      )
    }
    return value.map((one) => item(one, param))
  }
}

function join(param: string, name: string): string {
  return param === '' ? name : `${param}.${name}`
}

/** An integer within bounds, inclusive. */
export function integer(min: number, max: number): Reader<number> {
  return (value, param) => checkInteger(value, param, { min, max })
}
