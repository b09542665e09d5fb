const SECOND = 1000

/** From the first failure of an event on; after that long its webhook is disabled. */
export const GIVE_UP_MS = 24 * 60 * 60 * SECOND

const FIRST_MS = 5 * SECOND
const LONGEST_MS = 60 * 60 * SECOND

/**
 * When an event is tried again, in Unix milliseconds: after 5 s, 10 s, 20 s … 1 h, each up to a quarter more or less,
 * and a last time at the end of the 24 h. Undefined: not any more.
 */
export function nextAttemptAt(failure: {
  /** Failures of this event, this one included. */
  readonly attempts: number
  readonly firstAttemptAt: number
  readonly now: number
  /** 0 to 1. */
  readonly random: number
  /** The `Retry-After` header of the answer: seconds, or a date. Up to an hour is waited. */
  readonly retryAfter?: string | undefined
}): number | undefined {
  const { attempts, firstAttemptAt, now, random, retryAfter } = failure
  const end = firstAttemptAt + GIVE_UP_MS
  if (now >= end) return undefined
  const step = Math.min(FIRST_MS * 2 ** Math.min(attempts - 1, 30), LONGEST_MS)
  const delay = Math.round(step * (0.75 + random / 2))
  const asked = Math.min(parseRetryAfter(retryAfter, now), LONGEST_MS)
  return Math.min(now + Math.max(delay, asked), end)
}

/** Milliseconds. @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
function parseRetryAfter(text: string | undefined, now: number): number {
  if (text === undefined) return 0
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND
  const date = Date.parse(text)
  return Number.isNaN(date) ? 0 : Math.max(date - now, 0)
}
