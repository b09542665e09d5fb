import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError, quote } from '@custody/domain/errors'
import { exchange, type RequestBody, readAnswer } from './http-exchange.ts'
import { refusalBehind, refusalError } from './refusal.ts'
import { isRetryable, retryDelay } from './retry-delay.ts'
import type { ServerChoice } from './server-choice.ts'

/** How patient a client is. */
export type Patience = {
  /** Attempts after the first. */
  readonly retries: number
  /** A connection on which nothing moves for so long is cut. */
  readonly idleMs: number
}

export type CallOptions = {
  readonly headers?: OutgoingHttpHeaders
  readonly query?: Readonly<Record<string, string>>
  readonly body?: RequestBody
  /** In place of the patience of the connection: an answer may take its time. */
  readonly idleMs?: number
  /** Called before another attempt at what may have been done, where only the answer was lost. */
  readonly recover?: () => Promise<unknown>
}

/** JSON over HTTP with a server of OpenAI's API, with retries. */
export interface ApiConnection {
  readonly signal: AbortSignal
  readonly server: ServerChoice
  /** The JSON of the answer. @throws CustodyError `request_refused`, `server_unreachable` */
  json(method: string, path: string, options?: CallOptions): Promise<unknown>
  /** One attempt at an answer that is read by the caller; refusals are thrown, redirections followed. */
  stream(path: string, headers: OutgoingHttpHeaders): Promise<IncomingMessage>
  /** Waits before another attempt. Resolves to false where there is none left. */
  backOff(attempt: number, error: unknown): Promise<boolean>
}

const MiB = 2 ** 20

export function connectApi(
  server: ServerChoice,
  { retries, idleMs, signal }: Patience & { readonly signal: AbortSignal },
): ApiConnection {
  /** A key goes to nobody else. */
  const headersTo = (url: URL): OutgoingHttpHeaders => ({
    accept: 'application/json',
    // What is stored is asked for as it is, so that its length and digest can be checked
    'accept-encoding': 'identity',
    'user-agent': 'custody',
    ...(server.key !== undefined &&
      url.origin === server.base.origin && { authorization: `Bearer ${server.key}` }),
  })

  async function backOff(attempt: number, error: unknown): Promise<boolean> {
    signal.throwIfAborted()
    if (attempt >= retries) return false
    const refusal = refusalBehind(error)
    if (refusal ? !isRetryable(refusal.status, refusal.headers) : !isBroken(error)) {
      return false
    }
    const tools = { now: Date.now(), random: Math.random }
    const delay = retryDelay(attempt, refusal?.headers ?? {}, tools)
    if (delay === undefined) return false
    await sleep(delay, undefined, { signal }).catch(() => signal.throwIfAborted())
    return true
  }

  async function send(
    url: URL,
    method: string,
    options: CallOptions,
  ): Promise<IncomingMessage> {
    let answer: IncomingMessage
    try {
      answer = await exchange(url, {
        method,
        headers: { ...headersTo(url), ...options.headers },
        ...(options.body && { body: options.body }),
        idleMs: options.idleMs ?? idleMs,
        signal,
      })
    } catch (error) {
      throw told(error, url)
    }
    return answer
  }

  /** An error of a connection as a person understands it. */
  function told(error: unknown, url: URL): unknown {
    if (signal.aborted) return signal.reason
    if (error instanceof CustodyError) return error
    const reason = error instanceof Error ? reasonOf(error) : String(error)
    return connectionError(
      `The connection to ${quote(url.origin)} failed: ${reason}`,
      error,
    )
  }

  async function refuse(answer: IncomingMessage): Promise<never> {
    let text = ''
    try {
      text = (await readAnswer(answer, MiB)).toString()
    } catch (error) {
      if (signal.aborted) throw signal.reason
      text = `(its text was cut: ${error instanceof Error ? error.message : error})`
    }
    throw refusalError(answer, text, server)
  }

  return {
    signal,
    server,
    backOff,

    async json(method, path, options = {}) {
      const url = urlOf(server.base, path, options.query)
      for (let attempt = 0; ; attempt++) {
        try {
          if (attempt > 0 && options.recover) {
            const found = await options.recover()
            if (found !== undefined) return found
          }
          const answer = await send(url, method, options)
          if (!isSuccess(answer)) return await refuse(answer)
          const body = await readAnswer(answer, 64 * MiB).catch((error) => {
            throw told(error, url)
          })
          return parseAnswer(body, url)
        } catch (error) {
          if (!(await backOff(attempt, error))) throw error
        }
      }
    },

    async stream(path, own) {
      let url = urlOf(server.base, path)
      for (let hops = 0; ; hops++) {
        const answer = await send(url, 'GET', { headers: own })
        const { location } = answer.headers
        if (isRedirect(answer) && location !== undefined && hops < 5) {
          answer.resume()
          url = redirected(location, url)
          continue
        }
        if (!isSuccess(answer)) return await refuse(answer)
        return answer
      }
    },
  }
}

/** What broke, and can be tried again. */
export function connectionError(message: string, cause?: unknown): CustodyError {
  return new CustodyError('server_unreachable', message, { cause })
}

const isBroken = (error: unknown) =>
  error instanceof CustodyError && error.key === 'server_unreachable'

const isSuccess = ({ statusCode = 0 }: IncomingMessage) =>
  statusCode >= 200 && statusCode < 300

const isRedirect = ({ statusCode = 0 }: IncomingMessage) =>
  [301, 302, 303, 307, 308].includes(statusCode)

function redirected(location: string, from: URL): URL {
  const url = URL.parse(location, from.href)
  if (
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && from.protocol === 'http:')
  ) {
    return url
  }
  throw new CustodyError(
    'request_refused',
    `${quote(from.origin)} sends its clients to ${quote(location)}, which is no address that is followed: it must be https.`,
  )
}

function urlOf(base: URL, path: string, query: CallOptions['query'] = {}): URL {
  const url = new URL(base)
  url.pathname += path
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url
}

function parseAnswer(body: Buffer, url: URL): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (cause) {
    throw new CustodyError(
      'request_refused',
      `What ${quote(url.href)} answered is not JSON: ${quote(body.subarray(0, 200).toString())}. Is this the address of an OpenAI-compatible API?`,
      { cause },
    )
  }
}

/** Of several addresses that failed, each has its own reason. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors
      .map((one) => (one instanceof Error ? one.message : one))
      .join(', ')
  }
  return error.message
}
