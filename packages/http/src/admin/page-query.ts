import type { PageQuery } from '@custody/service'
import { parseInteger } from '../fields/parse-integer.ts'
import { singleParameter } from '../fields/single-parameter.ts'

const defaultLimit = 20
const maxLimit = 100

/** `limit` and `after` of an administrative list. @throws CustodyError */
export function pageQuery(query: URLSearchParams): PageQuery {
  const limit = singleParameter(query, 'limit')
  const after = singleParameter(query, 'after')
  return {
    limit:
      limit === undefined
        ? defaultLimit
        : parseInteger(limit, 'limit', { min: 1, max: maxLimit }),
    ...(after === undefined ? undefined : { after }),
  }
}
