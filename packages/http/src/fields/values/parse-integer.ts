import { CustodyError, quote } from '@custody/domain/errors'
import { wrongJsonType, wrongType } from './wrong-type.ts'

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
  if (!integerForm.test(text)) throw wrongType(param, 'an integer', text)
  // As it was written: of many digits a number keeps the first ones only, or is Infinity
  return inBounds(Number(text), param, bounds, quote(text).slice(1, -1))
}

/** The same for a value of JSON. */
export function checkInteger(
  value: unknown,
  param: string,
  bounds: { readonly min: number; readonly max: number },
): number {
  // 1e999 is Infinity here, which is out of bounds and not of the wrong type
  const isNumber = typeof value === 'number'
  if (!isNumber || (Number.isFinite(value) && !Number.isInteger(value))) {
    throw wrongJsonType(param, 'an integer', value)
  }
  return inBounds(value, param, bounds, `${value}`)
}

function inBounds(
  value: number,
  param: string,
  { min, max }: { readonly min: number; readonly max: number },
  shown: string,
): number {
  if (value < min) {
    throw new CustodyError(
      'integer_below_min_value',
      `Invalid '${param}': integer below minimum value. ` +
        `Expected a value >= ${min}, but got ${shown} instead.`,
      { param },
    )
  }
  if (value > max) {
    throw new CustodyError(
      'integer_above_max_value',
      `Invalid '${param}': integer above maximum value. ` +
        `Expected a value <= ${max}, but got ${shown} instead.`,
      { param },
    )
  }
  return value
}
