import { CustodyError, quote } from '@custody/domain/errors'

/** The order of a list. @throws CustodyError `invalid_value` */
export function parseOrder(
  order: string | undefined,
  usual: 'asc' | 'desc',
): 'asc' | 'desc' {
  if (order === undefined) return usual
  if (order === 'asc' || order === 'desc') return order
  throw new CustodyError(
    'invalid_value',
    `Invalid value: ${quote(order)}. Supported values are: 'asc' and 'desc'.`,
    { param: 'order' },
  )
}
