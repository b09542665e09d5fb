import type { AsOf } from '@custody/service'
import { parseTime } from '../values/parse-time.ts'
import { isPosition } from '../values/positions.ts'
import { singleParameter } from './single-parameter.ts'

/**
 * The moment that a request asks about: a position of the project's history, or a time of RFC 3339. Undefined: now.
 *
 * @throws CustodyError
 */
export function parseAsOf(query: URLSearchParams): AsOf | undefined {
  const name = 'as_of'
  const text = singleParameter(query, name)
  if (text === undefined) return undefined
  return isPosition(text)
    ? { position: Number(text) }
    : { time: parseTime(text, name, "a position as answers give it, such as '42', or ") }
}
