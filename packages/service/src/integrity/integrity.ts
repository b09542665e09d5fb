import type { AdminContext } from '../admin-types.ts'
import type { ClockProblem } from '../background/clock-guard.ts'
import type { Scrub } from './scrub.ts'

/** What an operator asks for, so that nothing is lost in silence. */
export interface Integrity extends Scrub {
  /**
   * Says in the log that the wall clock is right: what waited for that goes on. Resolves to what was wrong, or null: the
   * clock is trusted, and nothing was said.
   */
  acceptClock(by: Pick<AdminContext, 'actor' | 'requestId'>): Promise<ClockProblem | null>
}
