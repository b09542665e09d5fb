import type { Micros } from './log-time.ts'

/** The wall clock in whole microseconds. */
export type LogClock = () => Micros

/** The system's clock: the millisecond of `Date.now()`, as microseconds. */
export function systemClock(): Micros {
  return Date.now() * 1000
}

/**
 * A clock that threads share: it tells the microseconds that stand in the buffer's first
 * 8 bytes (a float64), and the system's time while they are 0. Tests set it.
 */
export function sharedClock(buffer: SharedArrayBuffer): LogClock {
  const cell = new Float64Array(buffer)
  return () => cell[0] || systemClock()
}
