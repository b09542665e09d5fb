import type { OutgoingHttpHeaders } from 'node:http'
import type { RequestContext } from '../request-context.ts'
import { answerHeaders } from './answer-headers.ts'

/** Answers 200 with a text or bytes that are there as a whole. */
export function sendBytes(
  context: RequestContext,
  body: string | Uint8Array,
  headers: OutgoingHttpHeaders,
): void {
  context.respond = false
  context.res.writeHead(200, {
    ...answerHeaders(context.state),
    ...headers,
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
  })
  context.res.end(body)
}
