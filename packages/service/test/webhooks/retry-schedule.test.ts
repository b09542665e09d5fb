import t from 'tap'
import { nextAttemptAt } from '../../src/webhooks/retry-schedule.ts'

t.test('an event is tried again later and later, for a day', async (t) => {
  const day = 24 * 3_600_000
  const next = (attempts: number, now: number, random = 0.5, retryAfter?: string) =>
    nextAttemptAt({ attempts, firstAttemptAt: 0, now, random, retryAfter })
  t.same(
    [1, 2, 3, 10, 11, 1_000].map((attempts) => next(attempts, 0)),
    [5_000, 10_000, 20_000, 2_560_000, 3_600_000, 3_600_000],
  )
  t.same([next(1, 0, 0), next(1, 0, 1)], [3_750, 6_250])
  t.equal(next(20, day - 1), day, 'a last time at its end')
  t.equal(next(20, day), undefined)
  t.equal(next(1, 0, 0.5, '60'), 60_000)
  t.equal(next(1, 0, 0.5, '1'), 5_000, 'never sooner than without')
  t.equal(next(1, 0, 0.5, 'Thu, 01 Jan 1970 00:02:00 GMT'), 120_000)
  t.equal(next(1, 0, 0.5, 'soon'), 5_000)
})
