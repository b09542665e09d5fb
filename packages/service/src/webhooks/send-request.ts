import { lookup as systemLookup } from 'node:dns/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'
import { hostnameOf, type WebhookAllow } from './webhook-allow.ts'
import { checkWebhookUrl } from './webhook-url.ts'

/** Milliseconds for all of an attempt: resolving, connecting, sending, and reading the answer. */
export const ATTEMPT_MS = 10_000

/** Bytes of an answer's body that are read; nobody looks at them. */
const MAX_ANSWER_BYTES = 64 * 1024

/** Addresses of a host, as the system resolves it. */
export type ResolveHost = (
  hostname: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>

export const resolveHost: ResolveHost = (hostname) =>
  systemLookup(hostname, { all: true, order: 'verbatim' })

/** Why there was no answer, or none that counts. Stable: clients see it. */
export type SendError =
  | 'url_not_allowed'
  | 'name_not_resolved'
  | 'address_not_allowed'
  | 'timeout'
  | 'connection_refused'
  | 'connection_reset'
  | 'unreachable'
  | 'tls_failed'
  | 'invalid_answer'
  | 'connection_failed'

export type SendOutcome =
  | {
      readonly statusCode: number
      /** The header as it came. */
      readonly retryAfter: string | undefined
    }
  | { readonly error: SendError }

export type SendOptions = {
  readonly allow: WebhookAllow
  readonly resolve: ResolveHost
  readonly signal: AbortSignal
  /** Default: {@link ATTEMPT_MS}. */
  readonly timeoutMs?: number
}

/**
 * One POST. The name is resolved once, each of its addresses is checked, and the connection is made to one of these
 * very addresses. Redirects are answers like any other; no proxy is asked.
 *
 * @throws the reason of `signal`
 */
export async function sendRequest(
  request: {
    readonly url: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  },
  options: SendOptions,
): Promise<SendOutcome> {
  const { allow, signal, timeoutMs = ATTEMPT_MS } = options
  const timeout = AbortSignal.timeout(timeoutMs)
  const stop = AbortSignal.any([signal, timeout])
  try {
    const url = parseUrl(request.url, allow)
    if (!url) return { error: 'url_not_allowed' }
    const addresses = await abortable(findAddresses(url, options), stop)
    if (addresses === undefined) return { error: 'name_not_resolved' }
    if (addresses === null) return { error: 'address_not_allowed' }
    return await post(url, addresses, request, stop)
  } catch (cause) {
    signal.throwIfAborted()
    return { error: timeout.aborted ? 'timeout' : describe(cause) }
  }
}

function parseUrl(text: string, allow: WebhookAllow): URL | undefined {
  try {
    return checkWebhookUrl(text, allow)
  } catch {
    return undefined
  }
}

type Address = { readonly address: string; readonly family: number }

/** The host's addresses; undefined: it has none; null: there is one among them that may not be reached. */
async function findAddresses(
  url: URL,
  { allow, resolve }: Pick<SendOptions, 'allow' | 'resolve'>,
): Promise<readonly Address[] | undefined | null> {
  const hostname = hostnameOf(url)
  const family = isIP(hostname)
  const found = family
    ? [{ address: hostname, family }]
    : await resolve(hostname).catch(() => [])
  if (found.length === 0) return undefined
  const isAllowed = ({ address }: Address) =>
    allow.host(url) || isPublicAddress(address) || allow.address(address)
  return found.every(isAllowed) ? found : null
}

function post(
  url: URL,
  addresses: readonly Address[],
  { headers, body }: { headers: Readonly<Record<string, string>>; body: string },
  signal: AbortSignal,
): Promise<SendOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<SendOutcome>()
  const lookup: LookupFunction = (_hostname, { all }, callback) => {
    if (all) return callback(null, [...addresses])
    const [first] = addresses
    callback(null, first?.address ?? '', first?.family ?? 0)
  }
  const bytes = Buffer.from(body)
  const { request, Agent } = url.protocol === 'https:' ? https : http
  const sent = request(
    url,
    {
      method: 'POST',
      // One of its own: it keeps no connection, and takes no proxy from the environment.
      agent: new Agent({ keepAlive: false }),
      lookup,
      signal,
      headers: { ...headers, 'content-length': bytes.length },
    },
    (answer) => {
      const outcome = {
        statusCode: answer.statusCode ?? 0,
        retryAfter: answer.headers['retry-after'],
      }
      let read = 0
      answer.on('data', (chunk: Buffer) => {
        read += chunk.length
        if (read > MAX_ANSWER_BYTES) answer.destroy()
      })
      // The status is the answer, however its body ends.
      answer.on('error', () => {})
      answer.on('close', () => resolve(outcome))
    },
  )
  // To who takes no other protocol, Node tells neither an answer nor an error of a 101, and no time-out ends it.
  sent.on('upgrade', ({ statusCode = 0, headers: answered }, socket) => {
    socket.destroy()
    resolve({ statusCode, retryAfter: answered['retry-after'] })
  })
  sent.on('error', reject)
  sent.end(bytes)
  return promise
}

/** What a broken connection is called. */
function describe(cause: unknown): SendError {
  const all = cause instanceof AggregateError ? cause.errors : [cause]
  const first: unknown = all[0]
  const code = first instanceof Error && 'code' in first ? String(first.code) : ''
  if (code === 'ECONNREFUSED') return 'connection_refused'
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'connection_reset'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (/^E(HOST|NET)(UNREACH|DOWN)$|^EADDRNOTAVAIL$/.test(code)) return 'unreachable'
  if (/^HPE_/.test(code)) return 'invalid_answer'
  if (/^(ERR_(TLS|SSL)|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO)/.test(code)) {
    return 'tls_failed'
  }
  return 'connection_failed'
}

/** The system's resolver cannot be stopped; nobody waits for it longer than for the rest. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
