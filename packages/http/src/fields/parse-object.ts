import { CustodyError, quote } from '@custody/domain/errors'

/** A JSON object in a field of a form. @throws CustodyError `invalid_type` */
export function parseObject(json: string, param: string): object {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new CustodyError(
    'invalid_type',
    `Invalid type for '${param}': expected a JSON object, but got ${quote(json)} instead.`,
    { param },
  )
}
