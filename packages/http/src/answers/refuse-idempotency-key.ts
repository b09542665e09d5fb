import type { IncomingHttpHeaders } from 'node:http'
import { CustodyError, quote } from '@custody/domain/errors'

/**
 * Refuses a request that asks for its answer to be kept, where the answer holds a secret.
 *
 * @throws CustodyError `invalid_value`
 */
export function refuseIdempotencyKey(headers: IncomingHttpHeaders): void {
  const key = headers['idempotency-key']
  if (key === undefined) return
  throw new CustodyError(
    'invalid_value',
    `Invalid Idempotency-Key header ${quote(key)}: the answer of this route holds a secret, ` +
      'which is not kept to be answered again.',
    { param: 'Idempotency-Key' },
  )
}
