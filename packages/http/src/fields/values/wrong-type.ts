import { CustodyError, quote } from '@custody/domain/errors'

/** Refuses a value of a form or a query, where everything is text. `expected`: such as `an integer`. */
export function wrongType(param: string, expected: string, value: unknown): CustodyError {
  return refused(param, expected, quote(value))
}

/** The same for a value of JSON, where `'5'` could be a number as well as a text. */
export function wrongJsonType(
  param: string,
  expected: string,
  value: unknown,
): CustodyError {
  const kind = typeof value === 'string' ? 'the string ' : ''
  return refused(param, expected, `${kind}${quote(value)}`)
}

function refused(param: string, expected: string, seen: string): CustodyError {
  return new CustodyError(
    'invalid_type',
    `Invalid type for '${param}': expected ${expected}, but got ${seen} instead.`,
    { param },
  )
}
