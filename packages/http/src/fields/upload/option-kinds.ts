import { CustodyError, quote } from '@custody/domain/errors'
import { checkInteger, parseInteger } from '../values/parse-integer.ts'
import { wrongJsonType, wrongType } from '../values/wrong-type.ts'

/**
 * What values an option takes. Both functions throw a CustodyError that names the option, the value and what is
 * allowed.
 */
export type OptionKind<Value> = {
  /** From a form or a query, where everything is text. */
  fromText(text: string, param: string): Value
  /** From a JSON object, whose values have types of their own. */
  fromJson(value: unknown, param: string): Value
}

const flags: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  // Python's, when it is written without an SDK
  ['True', true],
  ['False', false],
])

/** `true` or `false`. */
export const flag: OptionKind<boolean> = {
  fromText(text, param) {
    const value = flags.get(text)
    if (value === undefined) throw wrongType(param, "'true' or 'false'", text)
    return value
  },
  fromJson(value, param) {
    if (typeof value !== 'boolean') throw wrongJsonType(param, 'true or false', value)
    return value
  },
}

/** A decimal integer within bounds, inclusive. */
export function integer(bounds: {
  readonly min: number
  readonly max: number
}): OptionKind<number> {
  // Adding 0 makes a plain 0 of -0
  return {
    fromText: (text, param) => parseInteger(text, param, bounds) + 0,
    fromJson: (value, param) => checkInteger(value, param, bounds) + 0,
  }
}

/** One of these texts, as they are written. */
export function oneOf(values: readonly string[]): OptionKind<string> {
  const last = quote(values.at(-1))
  const allowed = `${values.slice(0, -1).map(quote).join(', ')}, and ${last}`
  return textThat((text, param) => {
    if (values.includes(text)) return text
    throw wrongValue(param, `Supported values are: ${allowed}.`, text)
  })
}

/** A text that this expression matches from end to end; `allowed` says in words what it matches. */
export function token(form: RegExp, allowed: string): OptionKind<string> {
  return textThat((text, param) => {
    if (form.test(text)) return text
    throw wrongValue(param, `Expected ${allowed}.`, text)
  })
}

/** Any text of 1 to so many characters but control characters. */
export function freeText(maxLength: number): OptionKind<string> {
  const allowed = `Expected 1 to ${maxLength} characters, none of them a control character.`
  return textThat((text, param) => {
    if (text.length > maxLength && [...text].length > maxLength) {
      throw new CustodyError(
        'string_above_max_length',
        `Invalid '${param}': string too long. Expected at most ${maxLength} characters, ` +
          `but got ${[...text].length} instead.`,
        { param },
      )
    }
    // JSON can name half a surrogate pair, which no UTF-8 and so no record of the log can hold
    if (text !== '' && text.isWellFormed() && !/\p{Cc}/u.test(text)) return text
    throw wrongValue(param, allowed, text)
  })
}

function textThat(fromText: (text: string, param: string) => string): OptionKind<string> {
  return {
    fromText,
    fromJson(value, param) {
      if (typeof value !== 'string') throw wrongJsonType(param, 'a string', value)
      return fromText(value, param)
    },
  }
}

function wrongValue(param: string, allowed: string, value: string): CustodyError {
  return new CustodyError(
    'invalid_value',
    `Invalid value for '${param}': ${quote(value)}. ${allowed}`,
    { param },
  )
}
