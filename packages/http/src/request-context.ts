import type { Attempt, RateHeaders } from '@custody/service'
import type { ParameterizedContext } from 'koa'
import type { Dialect } from './dialects/dialect.ts'

/** What a request carries from its first line on. */
export type RequestState = {
  /** `req_` and 32 hex digits, made by us: a client's own is never taken. */
  readonly requestId: string
  /** Milliseconds of the clock. */
  readonly startedAt: number
  readonly clock: { now(): number }
  /** The default dialect until a key says which project asks. */
  dialect: Dialect
  /** What an upload has left of its rate, once it was counted; it goes with the answer, whatever that is. */
  rate?: RateHeaders
  /** The request came with an Idempotency-Key. */
  attempt?: Attempt
}

export type RequestContext = ParameterizedContext<RequestState, object>
