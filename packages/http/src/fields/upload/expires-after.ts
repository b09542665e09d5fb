import { CustodyError, quote } from '@custody/domain/errors'
import type { FormField } from '../../dialects/dialect.ts'
import { checkInteger, parseInteger } from '../values/parse-integer.ts'
import { parseObject } from '../values/parse-object.ts'
import {
  duplicateParameter,
  missingParameter,
  singleField,
} from '../values/single-field.ts'

const name = 'expires_after'
const anchorName = 'expires_after[anchor]'
const secondsName = 'expires_after[seconds]'

/**
 * Seconds after creation at which the file is to expire. SDKs send `expires_after[anchor]` and
 * `expires_after[seconds]`; a JSON object or a bare integer in `expires_after` is understood as well.
 *
 * @throws CustodyError for anything that does not parse, is out of bounds, or comes twice: an expiry that is
 * ignored would be noticed when it is too late
 */
export function parseExpiresAfter(
  fields: readonly FormField[],
  bounds: { readonly minSeconds: number; readonly maxSeconds: number },
): number | undefined {
  const whole = singleField(fields, name)
  const anchor = singleField(fields, anchorName)
  const seconds = singleField(fields, secondsName)
  const range = { min: bounds.minSeconds, max: bounds.maxSeconds }
  if (whole !== undefined) {
    if (anchor !== undefined || seconds !== undefined) throw duplicateParameter(name)
    return whole.trimStart().startsWith('{')
      ? parseWhole(whole, range)
      : parseInteger(whole, name, range)
  }
  if (anchor === undefined && seconds === undefined) return undefined
  if (anchor === undefined) throw missingParameter(anchorName)
  if (seconds === undefined) throw missingParameter(secondsName)
  checkAnchor(anchor, anchorName)
  return parseInteger(seconds, secondsName, range)
}

function parseWhole(
  text: string,
  range: { readonly min: number; readonly max: number },
): number {
  const whole: { anchor?: unknown; seconds?: unknown } = parseObject(text, name)
  const { anchor, seconds, ...others } = whole
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) {
    throw new CustodyError(
      'unknown_parameter',
      `Unknown parameter: ${quote(`${name}.${unknown}`)}.`,
      { param: name },
    )
  }
  if (anchor === undefined) throw missingParameter(`${name}.anchor`)
  if (seconds === undefined) throw missingParameter(`${name}.seconds`)
  checkAnchor(anchor, `${name}.anchor`)
  return checkInteger(seconds, `${name}.seconds`, range)
}

function checkAnchor(anchor: unknown, param: string): void {
  if (anchor === 'created_at') return
  throw new CustodyError(
    'invalid_value',
    `Invalid value: ${quote(anchor)}. Supported values are: 'created_at'.`,
    { param },
  )
}
