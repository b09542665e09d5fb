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
}

export type RequestContext = ParameterizedContext<RequestState, object>
