/** What each read counts as at least, in bytes: a thousand small ones are as much work as a large one. */
const LEAST_BYTES = 16 * 1024

/** How far it may be behind, in milliseconds, and make up for it. */
const SLACK_MS = 250

/**
 * Keeps reads to a rate, all of them together. `monotonic`: milliseconds that never jump.
 *
 * @returns what is called for each read, and resolves when the next one may begin
 */
export function createThrottle(options: {
  readonly bytesPerSecond: number
  readonly monotonic: () => number
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}): (bytes: number, signal: AbortSignal) => Promise<void> {
  const { bytesPerSecond, monotonic, sleep } = options
  let due = Number.NEGATIVE_INFINITY
  return async (bytes, signal) => {
    const now = monotonic()
    const takes = (Math.max(bytes, LEAST_BYTES) / bytesPerSecond) * 1000
    due = Math.max(due, now - SLACK_MS) + takes
    if (due > now) await sleep(due - now, signal)
  }
}
