import { createHmac } from 'node:crypto'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export type Received = {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly json: { readonly id: string; readonly subject: string; readonly data: unknown }
}

/** What a receiver does with a request, after it has read it. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void

export type Receiver = {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** How the next requests are answered; the last one stays. */
  answer(...answers: readonly (number | Answer)[]): void
  /** Resolves when so many requests have come. */
  arrived(count: number): Promise<void>
}

/** Something on loopback that takes webhooks: a real server. It answers 204 unless it is told otherwise. */
export async function startReceiver(t: Test): Promise<Receiver> {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  let answers: readonly (number | Answer)[] = [204]
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const { headers, url: path = '' } = request
    received.push({ path, headers, body, json: JSON.parse(body) })
    const [answer = 204] = answers
    if (answers.length > 1) answers = answers.slice(1)
    if (typeof answer === 'number') response.writeHead(answer).end()
    else answer(response, request)
    for (const look of waiting) look()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    answer: (...given) => {
      answers = given
    },
    arrived: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (received.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}

/** Verifies as the specification tells a receiver to, with none of our code. */
export function isSignedWith(secret: string, { headers, body }: Received): boolean {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const wanted = `v1,${createHmac('sha256', key).update(text).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(wanted)
}
