import type { Clock } from '../service-environment.ts'

/** Clocks that part by more are not trusted to destroy anything. */
const MAX_DRIFT_MS = 60_000

/** Tells whether the wall clock can be trusted. */
export interface ClockGuard {
  /** Why not, or undefined. `lastEventMs`: Unix milliseconds of the log's last event. */
  problem(lastEventMs: number): string | undefined
}

/** Clocks that have agreed for so long after a jump are trusted again. */
const SETTLED_MS = 15 * 60_000

/**
 * Compares the wall clock with the monotonic one (both in milliseconds) from call to call. After a jump,
 * such as a machine that slept, nothing is trusted until the wall clock has jumped back, or has kept pace
 * for 15 minutes: time enough for whatever sets the clock to have had its say.
 */
export function createClockGuard(wall: Clock, monotonic: () => number): ClockGuard {
  let trusted = wall() - monotonic()
  let jumped: { readonly offset: number; readonly at: number } | undefined
  return {
    problem(lastEventMs) {
      const now = wall()
      const offset = now - monotonic()
      const drift = offset - trusted
      if (Math.abs(drift) <= MAX_DRIFT_MS) jumped = undefined
      else if (!jumped || Math.abs(offset - jumped.offset) > MAX_DRIFT_MS) {
        jumped = { offset, at: monotonic() }
      } else if (monotonic() - jumped.at >= SETTLED_MS) {
        trusted = offset
        jumped = undefined
      }
      if (jumped) {
        const seconds = Math.round(Math.abs(drift) / 1000)
        return `the wall clock has jumped ${seconds} s ${drift > 0 ? 'ahead' : 'back'}; it is trusted again when it has jumped back, or has been steady for 15 minutes`
      }
      const ahead = lastEventMs - now
      if (ahead > MAX_DRIFT_MS) {
        return `the last event is ${Math.round(ahead / 1000)} s in the future`
      }
      return undefined
    },
  }
}
