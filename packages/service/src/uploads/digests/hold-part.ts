import type { IdleMeter } from './idle-meter.ts'

/** A part that waits while the one before it is worked at. */
export interface Hold {
  /** Resolves at `end`, or when waiting has begun to cost the client time. */
  readonly over: Promise<void>
  end(): void
}

/**
 * A part waits while the server is busy with the upload anyway. More idle time than this, and more than this share of the
 * wait, means that the client would be done sooner if its parts were taken side by side.
 */
const IDLE_MS = 20
const IDLE_SHARE = 0.5

/** Milliseconds between two looks. */
const LOOK_MS = 10

export function holdPart(meter: IdleMeter, now: () => number): Hold {
  const { promise, resolve } = Promise.withResolvers<void>()
  const since = now()
  const before = meter.idleMs
  const timer = setInterval(() => {
    const idle = meter.idleMs - before
    if (idle > IDLE_MS && idle > (now() - since) * IDLE_SHARE) end()
  }, LOOK_MS)
  function end(): void {
    clearInterval(timer)
    resolve()
  }
  return { over: promise, end }
}
