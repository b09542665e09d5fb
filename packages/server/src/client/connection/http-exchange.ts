import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'

// An import of node:http reads all of its exports, and one of them (WebSocket) loads undici: half of the time that a
// short command takes to begin
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

/** A body that can be sent more than once. */
export type RequestBody = {
  /** Content-Type. */
  readonly type: string
  /** Content-Length. */
  readonly bytes: number
  /** From its beginning, each time. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

export type ExchangeOptions = {
  readonly method: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: RequestBody
  /** A connection on which nothing moves for so long is cut. */
  readonly idleMs: number
  readonly signal: AbortSignal
}

/**
 * One request. Resolves with the head of its answer, also where that comes before the whole body was sent: then no
 * more of it is sent, and the connection ends with the answer.
 *
 * @throws Error of the connection, or of the body
 */
export function exchange(url: URL, options: ExchangeOptions): Promise<IncomingMessage> {
  const { method, headers, body, idleMs, signal } = options
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method,
      signal,
      headers: {
        ...headers,
        ...(body && { 'content-type': body.type, 'content-length': body.bytes }),
      },
    })
    request.setTimeout(idleMs, () => {
      request.destroy(new Error(`nothing moved for ${idleMs / 1000} s`))
    })
    request.on('error', reject)
    request.once('response', (response) => {
      // What breaks from here on is told to whoever reads the answer
      request.on('error', () => {})
      response.once('end', () => {
        if (!request.writableEnded) request.destroy()
      })
      resolve(response)
    })
    if (body) send(request, body).catch((error) => request.destroy(error))
    else request.end()
  })
}

async function send(request: ClientRequest, body: RequestBody): Promise<void> {
  let isAnswered = false
  request.once('response', () => {
    isAnswered = true
  })
  for await (const chunk of body.chunks()) {
    if (request.destroyed || isAnswered) return
    if (!request.write(chunk)) await writable(request)
  }
  if (!isAnswered) request.end()
}

/** Until more can be written, or need not be. */
function writable(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close', 'response']) {
        request.removeListener(event, done)
      }
      resolve()
    }
    for (const event of ['drain', 'close', 'response']) request.once(event, done)
  })
}

/** The body of an answer. @throws Error when it is over `maxBytes` */
export async function readAnswer(
  answer: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
