import type { Clock } from '../service-environment.ts'

/** Clocks that part by more are not trusted to destroy anything. */
const MAX_DRIFT_MS = 60_000

/** Tells whether the wall clock can be trusted. */
export interface ClockGuard {
  /** Why not, or undefined. `lastEventMs`: Unix milliseconds of the log's last event. */
  problem(lastEventMs: number): string | undefined
}

/**
 * Compares the wall clock with the monotonic one, both in milliseconds, since the start.
 */
export function createClockGuard(wall: Clock, monotonic: () => number): ClockGuard {
  const offset = wall() - monotonic()
  return {
    problem(lastEventMs) {
      const now = wall()
      const drift = Math.round((now - monotonic() - offset) / 1000)
      if (Math.abs(drift) * 1000 > MAX_DRIFT_MS) {
        return `the wall clock has moved ${Math.abs(drift)} s ${drift > 0 ? 'ahead of' : 'behind'} the monotonic clock since the start`
      }
      const ahead = lastEventMs - now
      if (ahead > MAX_DRIFT_MS) {
        return `the last event is ${Math.round(ahead / 1000)} s in the future`
      }
      return undefined
    },
  }
}
