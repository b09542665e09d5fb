import type { RequestContext } from '../request-context.ts'

/** Tells a client that asked first (`Expect: 100-continue`) to send the body. Called after every early check. */
export function acceptBody(context: RequestContext): void {
  const { expect } = context.req.headers
  if (expect?.toLowerCase() === '100-continue') context.res.writeContinue()
}
