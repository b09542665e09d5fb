import { setTimeout as delay } from 'node:timers/promises'

const EVERY_MS = 20

/**
 * Asks again and again until there is an answer, which is any value but `undefined` and `false`. It is for what
 * happens by itself; `what` ends the error's sentence "… did not happen within".
 *
 * @throws Error when the deadline has passed
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  { deadlineMs = 60_000 }: { readonly deadlineMs?: number } = {},
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) {
      return answer as Exclude<T, undefined | false>
    }
    if (performance.now() > end) {
      throw new Error(`${what} did not happen within ${deadlineMs} ms`)
    }
    await delay(EVERY_MS)
  }
}
