import { CustodyError, quote } from '@custody/domain/errors'
import { repeatedKey } from './repeated-key.ts'

/**
 * A JSON object in a field of a form.
 *
 * @throws CustodyError `invalid_type` for anything else, `duplicate_parameter` for a key that comes twice
 */
export function parseObject(json: string, param: string): object {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const key = repeatedKey(json)
    if (key === undefined) return value
    throw new CustodyError(
      'duplicate_parameter',
      `Duplicate parameter: '${param}' has the key ${quote(key)} more than once, whereas only one value is allowed.`,
      { param },
    )
  }
  throw new CustodyError(
    'invalid_type',
    `Invalid type for '${param}': expected a JSON object, but got ${quote(json)} instead.`,
    { param },
  )
}
