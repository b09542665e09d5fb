import type { Micros } from '@custody/event-log'

/** A clock that the log's thread shares; it stands still until it is set. */
export type TestClock = {
  readonly buffer: SharedArrayBuffer
  now: Micros
}

/** Begins at 2026-01-01T00:00:00Z. */
export function testClock(now: Micros = Date.UTC(2026, 0, 1) * 1000): TestClock {
  const buffer = new SharedArrayBuffer(8)
  const cell = new Float64Array(buffer)
  cell[0] = now
  return {
    buffer,
    get now() {
      return cell[0] ?? 0
    },
    set now(micros) {
      cell[0] = micros
    },
  }
}
