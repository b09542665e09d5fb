import { RateLimiterMemory } from 'rate-limiter-flexible'

/** Counts in windows of a minute, each of which begins with the first hit after the former has ended. */
export interface RateStore {
  /** Counts one more. Resolves to the count in this window, this one included, and when the window ends. */
  hit(key: string): Promise<{ readonly count: number; readonly endsInMs: number }>
}

/** Counts of this process alone: what a deployment of one process needs. A restart begins anew. */
export function createMemoryRateStore(): RateStore {
  const limiter = new RateLimiterMemory({
    // Whoever asks knows the limit, which is another for each key and may change while it counts.
    points: Number.MAX_SAFE_INTEGER,
    duration: 60,
  })
  return {
    async hit(key) {
      const { consumedPoints, msBeforeNext } = await limiter.consume(key)
      return { count: consumedPoints, endsInMs: msBeforeNext }
    },
  }
}
