import type { LogReader } from '@custody/event-log'
import type { Clock } from '../service-environment.ts'

/** Clocks that part by more are not trusted to destroy anything. */
const MAX_DRIFT_MS = 60_000

/** `jumped`: the wall clock parted from the monotonic one · `behind`: the log's last event is ahead of it. */
export type ClockProblem = 'jumped' | 'behind'

/** Tells whether the wall clock can be trusted. */
export interface ClockGuard {
  /** Why not, or undefined. `lastEventMs`: Unix milliseconds of the log's last event. */
  problem(lastEventMs: number): string | undefined
  /** The same, in a word. */
  distrust(lastEventMs: number): ClockProblem | undefined
  /** An operator says that the clock is right, and that events until then (Unix milliseconds) may be ahead of it. */
  accept(untilMs: number): void
}

/** Clocks that have agreed for so long after a jump are trusted again. */
const SETTLED_MS = 15 * 60_000

/**
 * Compares the wall clock with the monotonic one (both in milliseconds) from call to call. After a jump,
 * such as a machine that slept, nothing is trusted until the wall clock has jumped back, or has kept pace
 * for 15 minutes: time enough for whatever sets the clock to have had its say.
 *
 * @param acceptedMs Events until then (Unix milliseconds) may be ahead of the clock, by an operator's word.
 */
export function createClockGuard(
  wall: Clock,
  monotonic: () => number,
  acceptedMs = Number.NEGATIVE_INFINITY,
): ClockGuard {
  let trusted = wall() - monotonic()
  let jumped: { readonly offset: number; readonly at: number } | undefined
  let accepted = acceptedMs

  /** How far the wall clock has jumped ahead, in milliseconds; undefined where it is trusted. */
  function jump(): number | undefined {
    const offset = wall() - monotonic()
    const drift = offset - trusted
    if (Math.abs(drift) <= MAX_DRIFT_MS) jumped = undefined
    else if (!jumped || Math.abs(offset - jumped.offset) > MAX_DRIFT_MS) {
      jumped = { offset, at: monotonic() }
    } else if (monotonic() - jumped.at >= SETTLED_MS) {
      trusted = offset
      jumped = undefined
    }
    return jumped && drift
  }

  /** How far the last event is ahead, in milliseconds; undefined where that is nothing to wait for. */
  function ahead(lastEventMs: number): number | undefined {
    const by = lastEventMs - wall()
    // What comes after an event that is ahead is a microsecond later each.
    return by > MAX_DRIFT_MS && lastEventMs > accepted + MAX_DRIFT_MS ? by : undefined
  }

  return {
    problem(lastEventMs) {
      const drift = jump()
      if (drift !== undefined) {
        const seconds = Math.round(Math.abs(drift) / 1000)
        return `the wall clock has jumped ${seconds} s ${drift > 0 ? 'ahead' : 'back'}; it is trusted again when it has jumped back, or has been steady for 15 minutes`
      }
      const by = ahead(lastEventMs)
      if (by === undefined) return undefined
      return `the last event is ${Math.round(by / 1000)} s in the future`
    },
    distrust(lastEventMs) {
      if (jump() !== undefined) return 'jumped'
      return ahead(lastEventMs) === undefined ? undefined : 'behind'
    },
    accept(untilMs) {
      trusted = wall() - monotonic()
      jumped = undefined
      accepted = Math.max(accepted, untilMs)
    },
  }
}

/** Until when (Unix milliseconds) events may be ahead of the clock: until an operator last accepted it. */
export async function lastAccepted(
  reader: Pick<LogReader, 'read'>,
): Promise<number | undefined> {
  const [last] = await reader.read({
    from: Number.MAX_SAFE_INTEGER,
    direction: 'backward',
    types: ['ClockAccepted'],
    limit: 1,
  })
  return last && Date.parse(last.record.time)
}
