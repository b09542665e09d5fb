import type { IncomingHttpHeaders } from 'node:http'

/** A server that asks for more patience than this is not asked again. */
const longestWaitMs = 120_000
const firstWaitMs = 500
const longestOwnWaitMs = 8_000

/**
 * Whether an answer is worth another attempt, by the rules of OpenAI's SDKs: `x-should-retry` where it is there,
 * else 408, 409, 429 and what is 500 or more.
 */
export function isRetryable(status: number, headers: IncomingHttpHeaders): boolean {
  const said = headers['x-should-retry']
  if (said === 'true' || said === 'false') return said === 'true'
  return status === 408 || status === 409 || status === 429 || status >= 500
}

/**
 * Milliseconds until the next attempt: what `retry-after-ms` or `Retry-After` says, else twice as long each time.
 * Undefined where the server asks for more than two minutes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function retryDelay(
  attempt: number,
  headers: IncomingHttpHeaders,
  { now, random }: { readonly now: number; readonly random: () => number },
): number | undefined {
  const asked = askedDelay(headers, now)
  if (asked !== undefined) return asked <= longestWaitMs ? asked : undefined
  const own = Math.min(firstWaitMs * 2 ** attempt, longestOwnWaitMs)
  return own * (1 - random() / 4)
}

function askedDelay(headers: IncomingHttpHeaders, now: number): number | undefined {
  const inMs = Number(headers['retry-after-ms'] || Number.NaN)
  if (inMs >= 0) return inMs
  const after = headers['retry-after']
  if (after === undefined) return undefined
  const seconds = Number(after.trim() || Number.NaN)
  if (seconds >= 0) return seconds * 1000
  const date = Date.parse(after)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
