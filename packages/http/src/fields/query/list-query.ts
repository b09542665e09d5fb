import { parseFileId } from '@custody/domain'
import { CustodyError } from '@custody/domain/errors'
import type { ListQuery } from '@custody/service'
import { parseInteger } from '../values/parse-integer.ts'
import { parseOrder } from '../values/parse-order.ts'
import { singleParameter } from './single-parameter.ts'

/** The query of a file list in OpenAI's form. Parameters that it does not know are ignored, as OpenAI does. */
export function parseListQuery(
  query: URLSearchParams,
  limits: { readonly defaultLimit: number; readonly maxLimit: number },
): ListQuery {
  const limit = singleParameter(query, 'limit')
  const order = singleParameter(query, 'order')
  const afterAsSent = singleParameter(query, 'after')
  const purpose = singleParameter(query, 'purpose')
  const after = afterAsSent === undefined ? undefined : parseFileId(afterAsSent)
  if (afterAsSent !== undefined && after === undefined) throw cursorNotFound(afterAsSent)
  return {
    limit:
      limit === undefined
        ? limits.defaultLimit
        : parseInteger(limit, 'limit', { min: 1, max: limits.maxLimit }),
    order: parseOrder(order, 'desc'),
    ...(after === undefined ? undefined : { after }),
    ...(afterAsSent === undefined ? undefined : { afterAsSent }),
    ...(purpose === undefined ? undefined : { purpose }),
  }
}

function cursorNotFound(asSent: string): CustodyError {
  return new CustodyError(
    'cursor_not_found',
    `No such File object: ${asSent.slice(0, 64)}`,
    {
      param: 'after',
    },
  )
}
