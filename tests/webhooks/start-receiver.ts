import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

export type Message = {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly event: {
    readonly id: string
    readonly type: string
    readonly subject: string
    readonly position: string
    readonly data: Readonly<Record<string, unknown>>
  }
}

export type Receiver = {
  readonly url: string
  readonly messages: readonly Message[]
  /** How requests are answered from now on: a status, with headers. */
  answer(status: number, headers?: Readonly<Record<string, string>>): void
}

/** Takes webhooks on loopback. It answers 204 unless it is told otherwise. */
export async function startReceiver(t: Test): Promise<Receiver> {
  const messages: Message[] = []
  let answer: readonly [number, Readonly<Record<string, string>>] = [204, {}]
  const server = createServer(async (request, response) => {
    const body = await text(request)
    messages.push({ headers: request.headers, body, event: JSON.parse(body) })
    response.writeHead(...answer).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    messages,
    answer: (status, headers = {}) => {
      answer = [status, headers]
    },
  }
}
