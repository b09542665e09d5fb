import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { CustodyError, quote } from '@custody/domain/errors'
import type { Dialect } from '../dialects/dialect.ts'
import type { Connections } from './connections.ts'

/**
 * Answers bytes that are not HTTP, heads that are too large and heads that do not come, in the envelope like
 * every other refusal. There is no request at this point, so the answer is written by hand.
 */
export function answerClientError(
  error: Error & { code?: string },
  socket: Duplex,
  context: ByHand,
): void {
  const { connections } = context
  const running = connections.runningOn(socket)
  const answered = running?.headersSent || connections.drainsOn(socket)
  if (error.code === 'ECONNRESET' || !socket.writable || answered) {
    socket.destroy()
    return
  }
  if (running?.req.complete) {
    // The broken bytes came after a whole request: that one is answered first, by its own answer
    running.shouldKeepAlive = false
    running.once('close', () => socket.destroy())
    return
  }
  refuseByHand(socket, refusalOf(error), context)
}

/**
 * Answers a CONNECT, which asks for a tunnel: Node takes such a connection out of its HTTP server, and would close it
 * without a word.
 */
export function answerConnect(
  { url = '' }: Pick<IncomingMessage, 'url'>,
  socket: Duplex,
  context: ByHand,
): void {
  // Node has taken its own listeners away: without these a broken connection would end the process
  socket.on('error', () => socket.destroy())
  socket.on('timeout', () => socket.destroy())
  const refusal = new CustodyError(
    'route_not_found',
    `Unknown request URL: CONNECT ${quote(url)}. This server is no proxy.`,
  )
  const running = context.connections.runningOn(socket)
  if (!running) refuseByHand(socket, refusal, context)
  // Requests before it on the connection are answered first
  else running.once('close', () => refuseByHand(socket, refusal, context))
}

type ByHand = {
  readonly connections: Connections
  readonly dialect: Dialect
  readonly randomId: () => string
  /** Milliseconds that the client has to read the answer. */
  readonly lingerMs: number
}

function refuseByHand(socket: Duplex, refusal: CustodyError, context: ByHand): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const status = context.dialect.statusOf(refusal.key)
  const body = JSON.stringify(context.dialect.presentError(refusal))
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: req_${context.randomId()}`,
    'openai-processing-ms: 0',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // Closed with bytes unread, the kernel would send a reset, and the client might not see the answer
  socket.resume()
  setTimeout(() => socket.destroy(), context.lingerMs).unref()
}

function refusalOf(error: { code?: string }): CustodyError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new CustodyError('headers_too_large', 'The request headers are too large.')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new CustodyError(
        'request_timeout',
        'The request headers did not arrive in time.',
      )
    default:
      return new CustodyError('bad_request', 'The request is not well-formed HTTP.')
  }
}
