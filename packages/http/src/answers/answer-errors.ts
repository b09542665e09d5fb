import { CustodyError } from '@custody/domain/errors'
import type { Middleware } from 'koa'
import { checkHost } from '../connections/check-host.ts'
import type { Connections } from '../connections/connections.ts'
import { drainRequest } from '../connections/drain-request.ts'
import type { Dialect } from '../dialects/dialect.ts'
import type { HttpDependencies, Logger } from '../http-dependencies.ts'
import type { HttpOptions } from '../http-options.ts'
import type { RequestContext, RequestState } from '../request-context.ts'
import { ClientGoneError } from './client-gone-error.ts'
import { errorHeaders } from './error-headers.ts'
import { sendJson } from './send-json.ts'

/**
 * The outermost layer: gives the request its id, and turns whatever is thrown further in into the envelope
 * of the dialect. The one place where an error becomes an answer.
 */
export function answerErrors(
  dependencies: Pick<HttpDependencies, 'clock' | 'logger' | 'randomId'>,
  defaultDialect: Dialect,
  options: HttpOptions,
  connections: Connections,
): Middleware<RequestState> {
  const { clock, logger, randomId } = dependencies
  return async (context, next) => {
    context.state = {
      requestId: `req_${randomId()}`,
      startedAt: clock.now(),
      clock,
      dialect: defaultDialect,
    }
    connections.began(context.res)
    try {
      checkHost(context.req)
      await next()
    } catch (thrown) {
      context.respond = false
      if (thrown instanceof ClientGoneError || context.req.socket.destroyed) {
        // Nobody is left to answer, and what failed mostly failed for that reason
        const { requestId } = context.state
        logger.debug(
          { requestId, err: thrown },
          'The client went away before its answer.',
        )
        context.req.socket.destroy()
        return
      }
      const error = known(thrown)
      // By the type: a project that has used up its quota is answered 507, and no fault of the server
      if (error.row.type === 'server_error') report(context, error, logger)
      answer(context, error, options)
    }
  }
}

function report(context: RequestContext, error: CustodyError, logger: Logger): void {
  const { requestId } = context.state
  const fields = {
    requestId,
    method: context.method,
    path: context.path,
    code: error.key,
  }
  logger.error({ ...fields, err: error.cause ?? error }, error.message)
}

function known(thrown: unknown): CustodyError {
  if (thrown instanceof CustodyError) return thrown
  return new CustodyError(
    'internal_error',
    'The server had an error while processing your request.',
    { cause: thrown },
  )
}

function answer(
  context: RequestContext,
  error: CustodyError,
  options: HttpOptions,
): void {
  const { req, res } = context
  if (res.headersSent) {
    // The client must not take the half that it has for the whole
    req.socket.destroy()
    return
  }
  const { dialect } = context.state
  const status = dialect.statusOf(error.key)
  // Who is too slow for the request, or sends none that is one, is not drained either
  if (error.key === 'request_timeout' || error.key === 'bad_request') {
    res.shouldKeepAlive = false
  }
  const body = dialect.presentError(error)
  sendJson(context, status, body, errorHeaders(error, status))
  if (!req.complete && res.shouldKeepAlive) drainRequest(req, options)
}
