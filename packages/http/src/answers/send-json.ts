import type { RequestContext } from '../request-context.ts'
import { answerHeaders } from './answer-headers.ts'

/**
 * Answers with JSON. Written to the response itself, past Koa's own `respond`: setting `ctx.body` derives
 * type and length again and sets each header by itself, a fifth of what a small upload costs here.
 */
export function sendJson(
  context: RequestContext,
  status: number,
  value: object,
  extraHeaders?: Readonly<Record<string, string>>,
): void {
  const body = JSON.stringify(value)
  const headers = answerHeaders(context.state)
  headers['content-type'] = 'application/json'
  headers['content-length'] = Buffer.byteLength(body)
  if (extraHeaders !== undefined) Object.assign(headers, extraHeaders)
  context.respond = false
  context.res.writeHead(status, headers)
  context.res.end(body)
}
