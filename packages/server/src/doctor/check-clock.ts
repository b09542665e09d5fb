import { lastAccepted } from '@custody/service'
import type { Check } from './check.ts'

const MAX_DRIFT_MS = 60_000

/** Whether the wall clock and the log agree. A jump only the server sees, which says so in /readyz. */
export const checkClock: Check = {
  name: 'clock',
  otherwise: 'The log could not be read: see there.',
  async run({ reader, now }) {
    const log = await reader()
    const { time } = await log.head()
    const last = time / 1000
    const at = (ms: number) => new Date(ms).toISOString()
    const summary = `${at(now)}; the last event is of ${at(last)}`
    const ahead = last - now
    const accepted = (await lastAccepted(log)) ?? Number.NEGATIVE_INFINITY
    if (ahead <= MAX_DRIFT_MS || last <= accepted + MAX_DRIFT_MS) {
      return { summary, findings: [] }
    }
    const problem = `The last event of the log is ${Math.round(ahead / 1000)} s ahead of the clock: the clock is wrong now, or was when that event was written. Nothing expires, and nothing is destroyed.`
    const action =
      'Set the clock right (timedatectl tells whether it is kept so). Where it is right: custody doctor --accept-clock.'
    return { summary, findings: [{ problem, action }] }
  },
}
