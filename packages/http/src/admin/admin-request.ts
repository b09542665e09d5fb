import { SYSTEM_PROJECT } from '@custody/domain'
import type { AdminContext, Idempotency } from '@custody/service'
import { refuseIdempotencyKey, withAttempt } from '../answers/idempotency-key.ts'
import type { Reader } from '../body/body-shape.ts'
import { jsonBody } from '../body/json-body.ts'
import { abortWhenGone } from '../connections/abort-when-gone.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import type { RequestContext } from '../request-context.ts'

/** A request that the admin key sent. */
type AdminRequest = {
  readonly admin: AdminContext
  readonly query: URLSearchParams
  /** A parameter of the path. */
  param(name: string): string
  body<T>(read: Reader<T>): Promise<T>
  /** Has it done once under its Idempotency-Key, if it has one. */
  once<T>(use: (admin: AdminContext) => Promise<T>): Promise<T>
  /** Aborted when nobody waits for the answer any more. */
  signal(): AbortSignal
  /** Refuses a request that asks for its answer to be kept, where the answer holds a secret. */
  refuseIdempotencyKey(): void
}

/** Adds one route under `/v1/organization`. */
export type Route = (
  method: 'get' | 'post' | 'delete',
  path: string,
  answer: (request: AdminRequest) => Promise<object>,
) => void

/** What an administrator asks, ready to be read. */
export function adminRequest(
  context: RequestContext,
  params: Readonly<Record<string, string>>,
  actor: string,
  {
    idempotency,
    watch,
  }: { readonly idempotency: Idempotency | undefined; readonly watch: TransferWatch },
): AdminRequest {
  const admin = { actor, requestId: context.state.requestId }
  return {
    admin,
    once: (use) =>
      withAttempt(
        context,
        idempotency,
        { project: SYSTEM_PROJECT, key: actor },
        (attempt) => use({ ...admin, attempt }),
      ),
    query: new URLSearchParams(context.querystring),
    param: (name) => params[name] ?? '',
    body: async (read) => read(await jsonBody(context, watch), ''),
    signal: () => abortWhenGone(context.res),
    refuseIdempotencyKey: () => refuseIdempotencyKey(context.req.headers),
  }
}
