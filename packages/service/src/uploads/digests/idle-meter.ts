/** Counts the time in which nothing is worked at. */
export interface IdleMeter {
  /** Milliseconds so far. */
  readonly idleMs: number
  /** Work of any kind, several at once. */
  during<T>(work: () => Promise<T>): Promise<T>
}

/** @param now Milliseconds, of a clock that never goes back. */
export function createIdleMeter(now: () => number): IdleMeter {
  let running = 0
  let idleMs = 0
  let idleSince = now()
  return {
    get idleMs() {
      return running === 0 ? idleMs + now() - idleSince : idleMs
    },
    async during(work) {
      if (running === 0) idleMs += now() - idleSince
      running += 1
      try {
        return await work()
      } finally {
        running -= 1
        if (running === 0) idleSince = now()
      }
    },
  }
}
