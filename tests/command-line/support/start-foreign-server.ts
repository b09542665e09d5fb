import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'

export type ForeignRequest = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** What a server that is not ours answers: status, body (JSON where it is an object), headers. */
export type ForeignAnswer = readonly [
  status: number,
  body?: object | string | Buffer,
  headers?: Readonly<Record<string, string>>,
]

/** A server that speaks as much of OpenAI's API as a test says. */
export async function startForeignServer(
  t: Test,
  respond: (request: ForeignRequest) => ForeignAnswer,
): Promise<{ readonly base: string; readonly requests: readonly ForeignRequest[] }> {
  const requests: ForeignRequest[] = []
  const answer = async (incoming: IncomingMessage, response: ServerResponse) => {
    const url = new URL(incoming.url ?? '', 'http://localhost')
    const request = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: await buffer(incoming),
    }
    requests.push(request)
    const [status, body = '', headers] = respond(request)
    response.writeHead(status, headers)
    const isText = typeof body === 'string' || Buffer.isBuffer(body)
    response.end(isText ? body : JSON.stringify(body))
  }
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { base: `http://127.0.0.1:${port}/some/v1`, requests }
}
