import {
  createServer,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'

/** A request that a relay has seen. */
export type Seen = {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

/** What befalls a request. */
export type Fate =
  | 'pass'
  /** It never gets an answer. */
  | 'hold'
  /** It is done, and the answer is lost. */
  | 'lose answer'
  /** The connection breaks after so many bytes of the answer's body. */
  | { readonly cutAnswerAfter: number }
  /** So many bytes of the body are taken in, then the connection breaks. */
  | { readonly cutRequestAfter: number }
  /** Half of the answer's first chunk comes, and no more. */
  | 'stall'
  /** The body arrives with another byte. */
  | 'damage answer'
  | 'damage request'
  /** Another answer, without the server. */
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }

/** A relay in front of a server, in which things go wrong. */
export interface Relay {
  readonly address: string
  readonly seen: readonly Seen[]
  /** Requests that the server has answered. */
  readonly answered: readonly Seen[]
  /** Decides about each request; may be changed at any time. */
  fate: (seen: Seen) => Fate
}

export async function startRelay(t: Test, target: string): Promise<Relay> {
  const seen: Seen[] = []
  const answered: Seen[] = []
  const server = createServer((incoming, answer) => {
    const { pathname: path } = new URL(incoming.url ?? '', target)
    const one = { method: incoming.method ?? '', path, headers: incoming.headers }
    seen.push(one)
    const fate = relay.fate(one)
    if (fate === 'hold') {
      incoming.resume()
      return
    }
    if (typeof fate === 'object' && 'status' in fate) {
      incoming.resume()
      incoming.once('end', () => {
        answer.writeHead(fate.status, fate.headers).end(fate.body ?? '')
      })
      return
    }
    pass(incoming, answer, fate, target, () => answered.push(one))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const relay: Relay = {
    ...{ address: `http://127.0.0.1:${port}`, seen, answered },
    fate: () => 'pass',
  }
  return relay
}

function pass(
  incoming: IncomingMessage,
  answer: ServerResponse,
  fate: Exclude<Fate, { status: number } | 'hold'>,
  target: string,
  onAnswer: () => void,
): void {
  const { method, headers } = incoming
  const outgoing = request(new URL(incoming.url ?? '', target), { method, headers })
  const cut = () => {
    outgoing.destroy()
    answer.destroy()
  }
  outgoing.on('error', cut)
  answer.on('close', () => outgoing.destroy())
  if (typeof fate === 'object' && 'cutRequestAfter' in fate) {
    let bytes = 0
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      outgoing.write(chunk)
      if (bytes > fate.cutRequestAfter) cut()
    })
    return
  }
  outgoing.once('response', (response) => {
    onAnswer()
    if (fate === 'lose answer') {
      cut()
      return
    }
    answer.writeHead(response.statusCode ?? 0, response.headers)
    if (typeof fate === 'object' && 'cutAnswerAfter' in fate) {
      let left = fate.cutAnswerAfter
      response.on('data', (chunk: Buffer) => {
        if (left < 0) return
        const part = chunk.subarray(0, left)
        left -= chunk.length
        answer.write(part, () => {
          if (left < 0) cut()
        })
      })
      response.once('end', () => answer.end())
      return
    }
    if (fate === 'stall') {
      response.once('data', (chunk: Buffer) => {
        response.pause()
        answer.write(chunk.subarray(0, chunk.length / 2))
      })
      return
    }
    if (fate === 'damage answer') {
      response.on('data', (chunk: Buffer) => {
        answer.write(Buffer.from(chunk).fill(0, 0, 1))
      })
      response.once('end', () => answer.end())
      return
    }
    response.pipe(answer)
  })
  if (fate === 'damage request') {
    buffer(incoming).then((body) => {
      const middle = body.length >> 1
      body[middle] = (body[middle] ?? 0) ^ 1
      outgoing.end(body)
    }, cut)
    return
  }
  incoming.pipe(outgoing)
}
