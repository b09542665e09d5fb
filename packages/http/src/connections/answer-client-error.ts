import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { CustodyError } from '@custody/domain/errors'
import type { Dialect } from '../dialects/dialect.ts'
import type { Connections } from './connections.ts'

/**
 * Answers bytes that are not HTTP, heads that are too large and heads that do not come, in the envelope like
 * every other refusal. There is no request at this point, so the answer is written by hand.
 */
export function answerClientError(
  error: Error & { code?: string },
  socket: Duplex,
  context: {
    readonly connections: Connections
    readonly dialect: Dialect
    readonly randomId: () => string
    /** Milliseconds that the client has to read the answer. */
    readonly lingerMs: number
  },
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
  const refusal = refusalOf(error)
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
