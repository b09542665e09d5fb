import { CustodyError, quote } from '@custody/domain/errors'

const integerForm = /^-?\d+$/

/**
 * A decimal integer within bounds (inclusive), from a form or a query.
 *
 * @throws CustodyError `invalid_type`, `integer_below_min_value`, `integer_above_max_value`
 */
export function parseInteger(
  text: string,
  param: string,
  bounds: { readonly min: number; readonly max: number },
): number {
  if (!integerForm.test(text)) throw notAnInteger(param, text)
  return checkInteger(Number(text), param, bounds)
}

/** The same for a number of a JSON body. */
export function checkInteger(
  value: number,
  param: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  // A text of very many digits is Infinity here, which is out of bounds and not of the wrong type
  if (Number.isFinite(value) && !Number.isInteger(value)) throw notAnInteger(param, value)
  if (value < min) {
    throw new CustodyError(
      'integer_below_min_value',
      `Invalid '${param}': integer below minimum value. ` +
        `Expected a value >= ${min}, but got ${value} instead.`,
      { param },
    )
  }
  if (value > max) {
    throw new CustodyError(
      'integer_above_max_value',
      `Invalid '${param}': integer above maximum value. ` +
        `Expected a value <= ${max}, but got ${value} instead.`,
      { param },
    )
  }
  return value
}

export function notAnInteger(param: string, value: unknown): CustodyError {
  return new CustodyError(
    'invalid_type',
    `Invalid type for '${param}': expected an integer, but got ${quote(value)} instead.`,
    { param },
  )
}
