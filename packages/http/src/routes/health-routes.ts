import { sendJson } from '../answers/send-json.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestContext } from '../request-context.ts'

/** `GET /healthz`: the process answers. */
export function healthz(context: RequestContext): void {
  sendJson(context, 200, { status: 'ok' })
}

/** `GET /readyz`: whether requests should be sent here, and why not. */
export function readyz(
  dependencies: HttpDependencies,
): (context: RequestContext) => void {
  return (context) => {
    const { ready, reasons } = dependencies.health()
    if (ready) sendJson(context, 200, { status: 'ok' })
    else
      sendJson(context, 503, { status: 'unavailable', reasons }, { 'retry-after': '1' })
  }
}
