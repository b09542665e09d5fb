import { CustodyError, quote } from '@custody/domain/errors'
import type Router from '@koa/router'
import type { RequestContext, RequestState } from '../request-context.ts'

/** What no route has answered: 405 where the path exists, 404 otherwise. */
export function refuseUnknownRoutes(
  router: Router<RequestState>,
): (context: RequestContext) => never {
  return (context) => {
    const { method, path } = context
    const { path: layers } = router.match(path, method)
    const allowed = [...new Set(layers.flatMap((layer) => layer.methods))].sort()
    if (allowed.length > 0) {
      throw new CustodyError(
        'method_not_allowed',
        `Not allowed to ${method} on ${quote(path)}. Allowed are: ${allowed.join(', ')}.`,
        { headers: { allow: allowed.join(', ') } },
      )
    }
    throw new CustodyError(
      'route_not_found',
      `Unknown request URL: ${method} ${quote(path)}.`,
    )
  }
}
