import { setImmediate as nextTurn } from 'node:timers/promises'

/** Works in turn with all others of the same pace. */
export type Paced = <T>(work: (during: During) => Promise<T>) => Promise<T>

export type During = {
  /** Lets others run in the middle of the work. */
  rest(): Promise<void>
  /** Counts milliseconds that the work goes on to take elsewhere. */
  spend(milliseconds: number): void
}

/**
 * Keeps work that can wait from slowing down what cannot: while `isBusy`, it takes at most one part in `share` of
 * the time, all of it together. Otherwise it goes on at once. `monotonic`: milliseconds that never jump.
 */
export function createPace(options: {
  readonly share: number
  readonly monotonic: () => number
  /** Whether there was other work since it was last asked. */
  readonly isBusy: () => boolean
  readonly sleep: (milliseconds: number) => Promise<unknown>
}): Paced {
  const { share, monotonic, isBusy, sleep } = options
  let last: Promise<unknown> = Promise.resolve()

  async function giveWay(worked: number): Promise<void> {
    if (isBusy()) await sleep(worked * (share - 1))
    else await nextTurn()
  }

  return (work) => {
    const turn = last.then(async () => {
      let worked = 0
      let since = monotonic()
      const pause = () => {
        worked += monotonic() - since
      }
      const rest = async () => {
        pause()
        await nextTurn()
        since = monotonic()
      }
      const spend = (milliseconds: number) => {
        worked += milliseconds
      }
      try {
        return await work({ rest, spend })
      } finally {
        pause()
        next = giveWay(worked)
      }
    })
    let next: Promise<void> | undefined
    last = turn.then(
      () => next,
      () => next,
    )
    return turn
  }
}
