import type { PageQuery } from '@custody/service'
import { singleParameter } from '../fields/query/single-parameter.ts'
import { parseInteger } from '../fields/values/parse-integer.ts'

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
