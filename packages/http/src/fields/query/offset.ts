import { CustodyError } from '@custody/domain/errors'
import { parseInteger } from '../values/parse-integer.ts'
import { singleParameter } from './single-parameter.ts'

/**
 * Files of a list to pass over, 0 where the query does not say. A cursor and an offset exclude each other: it is
 * not clear from where the files would be counted. A list of the past goes by cursors alone, which cost the same
 * however deep they lead.
 *
 * @throws CustodyError
 */
export function parseOffset(query: URLSearchParams): number {
  const text = singleParameter(query, 'offset')
  if (text === undefined) return 0
  for (const other of ['after', 'as_of']) {
    if (!query.has(other)) continue
    throw new CustodyError(
      'invalid_value',
      `Invalid 'offset': it cannot be combined with '${other}'. Send one of them.`,
      { param: 'offset' },
    )
  }
  return parseInteger(text, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER })
}
