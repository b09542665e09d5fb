import type { FollowedValidation, FollowRequest, ValidationOutcome } from './types.ts'
import type { FollowedProgress } from './workers/job.ts'
import { Job } from './workers/job.ts'
import type { WorkerPool } from './workers/worker-pool.ts'

export type FollowingOptions = {
  readonly request: FollowRequest
  readonly pool: WorkerPool
  /** Whether the purpose's plugin can read a file that has not ended. */
  readonly isStreaming: boolean
  readonly toOutcome: (reply: string) => ValidationOutcome
  /** Validates the whole file. */
  readonly validateWhole: (
    size: number,
    isRetry: boolean,
  ) => ValidationOutcome | Promise<ValidationOutcome>
}

/**
 * One validation beside an upload. Following is a try: when no worker is free for it, when a worker is wanted
 * for something else, or when it dies, the file is validated as a whole after its end.
 */
export class Following implements FollowedValidation {
  readonly #options: FollowingOptions
  readonly #outcome = Promise.withResolvers<ValidationOutcome>()
  readonly #progress: FollowedProgress = { written: 0, total: null }
  #job: Job | undefined
  #hasDied = false

  constructor(options: FollowingOptions) {
    this.#options = options
    // An aborted upload may have nobody left who looks at the result.
    this.#outcome.promise.catch(() => {})
    if (options.isStreaming) this.#follow()
  }

  get result(): Promise<ValidationOutcome> {
    return this.#outcome.promise
  }

  advance(bytesWritten: number): void {
    this.#progress.written = bytesWritten
    if (this.#job !== undefined) this.#options.pool.advance(this.#job)
  }

  end(totalBytes: number): void {
    this.#progress.written = totalBytes
    this.#progress.total = totalBytes
    const job = this.#job
    if (job === undefined || this.#options.pool.withdraw(job)) this.#validateWhole()
    else this.#options.pool.advance(job)
  }

  abort(): void {
    this.#outcome.reject(new DOMException('The upload was aborted.', 'AbortError'))
    this.#leave()
  }

  #follow(): void {
    const { request, pool, toOutcome } = this.#options
    const { dialect, purpose, filename, path, project, signal } = request
    const progress = this.#progress
    this.#job = new Job({
      project,
      size: 0,
      signal,
      work: { kind: 'followed', dialect, purpose, filename, path, progress },
      onReply: (reply) => {
        try {
          this.#outcome.resolve(toOutcome(reply))
        } catch (error) {
          this.#outcome.reject(error)
        }
      },
      onError: (error) => this.#outcome.reject(error),
      onInterrupted: (hasDied) => {
        this.#hasDied = hasDied
        this.#leave()
        if (this.#progress.total !== null) this.#validateWhole()
      },
    })
    pool.submitFollowed(this.#job)
  }

  #leave(): void {
    const job = this.#job
    this.#job = undefined
    if (job === undefined) return
    job.drop()
    this.#options.pool.abandon(job)
  }

  #validateWhole(): void {
    const size = this.#progress.total ?? 0
    const whole = async () => this.#options.validateWhole(size, this.#hasDied)
    whole().then(this.#outcome.resolve, this.#outcome.reject)
  }
}
