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
): (context: RequestContext) => Promise<void> {
  return async (context) => {
    const { ready, reasons } = dependencies.health()
    const found = (await dependencies.warnings?.()) ?? []
    const warnings = found.length === 0 ? {} : { warnings: found }
    if (ready) sendJson(context, 200, { status: 'ok', ...warnings })
    else {
      const status = { status: 'unavailable', reasons, ...warnings }
      sendJson(context, 503, status, { 'retry-after': '1' })
    }
  }
}
