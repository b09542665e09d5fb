import type { IdleMeter } from './idle-meter.ts'

/** A part that waits while the one before it is worked at. */
export interface Hold {
  /** Resolves at `end`, or when waiting has begun to cost the client time. */
  readonly over: Promise<void>
  end(): void
}

/** Milliseconds between two looks. */
const LOOK_MS = 50

/** A larger share of idle time since the last look means that the client would be done sooner with its parts side by side. */
const IDLE_SHARE = 0.5

export function holdPart(meter: IdleMeter, now: () => number): Hold {
  const { promise, resolve } = Promise.withResolvers<void>()
  let since = now()
  let before = meter.idleMs
  const timer = setInterval(() => {
    if (meter.idleMs - before > (now() - since) * IDLE_SHARE) return end()
    since = now()
    before = meter.idleMs
  }, LOOK_MS)
  function end(): void {
    clearInterval(timer)
    resolve()
  }
  return { over: promise, end }
}
