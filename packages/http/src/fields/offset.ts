import { CustodyError } from '@custody/domain/errors'
import { parseInteger } from './parse-integer.ts'
import { singleParameter } from './single-parameter.ts'

/**
 * Files of a list to pass over, 0 where the query does not say. A cursor and an offset exclude each other: it is
 * not clear from where the files would be counted.
 *
 * @throws CustodyError
 */
export function parseOffset(query: URLSearchParams): number {
  const text = singleParameter(query, 'offset')
  if (text === undefined) return 0
  if (query.has('after')) {
    throw new CustodyError(
      'invalid_value',
      "Invalid 'offset': it cannot be combined with 'after'. Send one of them.",
      { param: 'offset' },
    )
  }
  return parseInteger(text, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER })
}
