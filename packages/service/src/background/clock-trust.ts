import { SYSTEM_PROJECT } from '@custody/domain'
import type { Appender } from '../appender.ts'
import type { Integrity } from '../integrity/integrity.ts'
import type { ServiceEnvironment } from '../service-environment.ts'
import { createClockGuard, lastAccepted } from './clock-guard.ts'

/** Whether the clocks are trusted to destroy anything. */
export interface ClockTrust {
  /** Looks at the clocks; what has changed is told. Resolves to whether they are trusted. */
  check(): Promise<boolean>
  /** Why they were not at the last look; undefined: they were. */
  problem(): string | undefined
  readonly accept: Integrity['acceptClock']
}

export async function createClockTrust(
  { log, clock, logger }: Pick<ServiceEnvironment, 'log' | 'clock' | 'logger'>,
  appender: Appender,
  monotonic: () => number,
): Promise<ClockTrust> {
  const guard = createClockGuard(clock, monotonic, await lastAccepted(log.reader))
  let distrust: string | undefined

  async function check(): Promise<boolean> {
    const { time } = await log.reader.head()
    const problem = guard.problem(time / 1000)
    if (problem !== distrust) {
      if (problem) logger.error({ problem }, 'the clock is not trusted; nothing expires')
      else logger.info({}, 'the clock is trusted again')
      distrust = problem
    }
    return problem === undefined
  }

  return {
    check,
    problem: () => distrust,
    async accept(by) {
      const { time } = await log.reader.head()
      const problem = guard.distrust(time / 1000)
      if (!problem) return null
      const { events } = await appender.append(
        { type: 'AcceptClock', wallTime: clock(), problem },
        { project: SYSTEM_PROJECT, ...by },
      )
      guard.accept((events[0]?.time ?? time) / 1000)
      await check()
      return problem
    },
  }
}
