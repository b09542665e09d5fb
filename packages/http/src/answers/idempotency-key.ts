import type { IncomingHttpHeaders } from 'node:http'
import { CustodyError, quote } from '@custody/domain/errors'
import type { Attempt, Idempotency, IdempotencyScope } from '@custody/service'
import type { RequestContext } from '../request-context.ts'

const param = 'Idempotency-Key'

/** A header that comes twice is joined with a space, so that is refused along. */
const wellFormed = /^[\x21-\x7e]{1,255}$/

/**
 * Has a request done once under its `Idempotency-Key`; without one, or without anybody who keeps them, it is just done.
 *
 * @throws CustodyError `invalid_value` for what is no key
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export async function withAttempt<T>(
  context: RequestContext,
  idempotency: Idempotency | undefined,
  who: Pick<IdempotencyScope, 'project' | 'key'>,
  use: (attempt: Attempt | undefined) => Promise<T>,
): Promise<T> {
  const idempotencyKey = idempotencyKeyOf(context.req.headers)
  if (idempotencyKey === undefined || !idempotency) return await use(undefined)
  const route = `${context.method} ${context.path}`
  const { presentId } = context.state.dialect
  const scope = { ...who, route, idempotencyKey, presentId }
  const attempt = await idempotency.begin(scope)
  context.state.attempt = attempt
  try {
    return await use(attempt)
  } finally {
    attempt.end()
  }
}

/**
 * Refuses a request that asks for its answer to be kept, where the answer holds a secret.
 *
 * @throws CustodyError `invalid_value`
 */
export function refuseIdempotencyKey(headers: IncomingHttpHeaders): void {
  const key = headers['idempotency-key']
  if (key === undefined) return
  throw invalid(
    String(key),
    'the answer of this route holds a secret, which is not kept to be answered again.',
  )
}

function idempotencyKeyOf(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  const text = String(key)
  if (wellFormed.test(text)) return text
  throw invalid(
    text,
    `expected one of 1 to 255 visible ASCII characters without spaces, but it has ${text.length}${
      text.length > 255 ? '' : ', some of them others'
    }.`,
  )
}

function invalid(key: string, why: string): CustodyError {
  return new CustodyError(
    'invalid_value',
    `Invalid ${param} header ${quote(key)}: ${why}`,
    {
      param,
    },
  )
}
