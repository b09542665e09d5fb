import { totalDeadline } from '../limits.ts'
import { type ControlBlock, word } from '../protocol.ts'
import type { PluginClock, PluginHostLimits } from '../types.ts'
import type { HeldJobs } from './held-jobs.ts'
import type { Job } from './job.ts'

/** A thread that has begun no file for so long is not waited for by those behind. */
const STANDSTILL_MS = 500

/** Sees from the control block whether a worker's thread gets on with what it holds. */
export class DeadlineWatch {
  readonly #jobs: HeldJobs
  readonly #words: ControlBlock['words']
  readonly #limits: PluginHostLimits
  readonly #clock: PluginClock
  #reads = 0
  #lastWatch = 0
  #lastActivity: number

  constructor(
    jobs: HeldJobs,
    { words }: ControlBlock,
    { limits, clock }: { readonly limits: PluginHostLimits; readonly clock: PluginClock },
  ) {
    this.#jobs = jobs
    this.#words = words
    this.#limits = limits
    this.#clock = clock
    this.#lastActivity = clock.now()
  }

  /** The thread got its first file, or answered. */
  noteActivity(): void {
    this.#lastActivity = this.#clock.now()
  }

  /** The thread has not got on for a while with files that wait for nothing outside. */
  get isStandingStill(): boolean {
    const since = this.#clock.now() - this.#lastActivity
    return since > STANDSTILL_MS && this.#jobs.hasReady
  }

  /** Nothing happens in the thread, in a file or outside of any. */
  isIdle(now: number): boolean {
    return now - this.#lastActivity > this.#limits.idleMs
  }

  /** A file that is over its deadline; `alone` is what the worker works on alone. */
  findLate(now: number, alone: Job | undefined): Job | undefined {
    const words = this.#words
    const reads = Atomics.load(words, word.reads)
    const hasRead = reads !== this.#reads
    const isWaiting = Atomics.load(words, word.waiting) === 1
    this.#reads = reads
    if (hasRead || isWaiting) this.#lastActivity = now
    for (const [slot, job] of this.#jobs.entries()) {
      const stage = this.#jobs.stageOf(slot)
      if (stage === 0 && job.stage === 0) continue
      if (job.stage === 0) job.startedAt = now
      if (stage !== job.stage) {
        job.stage = stage
        job.stageSince = now
        this.#lastActivity = now
      }
      if (job === alone && (hasRead || isWaiting)) {
        job.stageSince = now
        // While the client is waited for, the clock of the whole stands still.
        if (isWaiting) {
          job.startedAt += Math.min(now - this.#lastWatch, now - job.startedAt)
        }
      }
      if (now - job.stageSince > this.#limits.idleMs) return job
      if (now - job.startedAt > totalDeadline(this.#limits, sizeOf(job))) return job
    }
    this.#lastWatch = now
    return undefined
  }
}

function sizeOf({ work, size }: Job): number {
  return work.kind === 'followed' ? work.progress.written : size
}
