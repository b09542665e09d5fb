import { CustodyError } from '@custody/domain/errors'
import type { PluginClock, PluginHostLimits, PluginLogger } from '../types.ts'
import { FairQueue } from './fair-queue.ts'
import type { Job } from './job.ts'
import { pluginFailed, reactionFailed } from './plugin-failed.ts'
import { type Death, PluginWorker } from './plugin-worker.ts'

const WATCH_MS = 100
/** Small files in one message, and their bytes. */
const BATCH_FILES = 32
const BATCH_BYTES = 1024 * 1024
/** A worker with so few small files left gets the next message, so that it does not run dry meanwhile. */
const LOW_WATER = 2
/** Small files that wait until a second worker takes part, and until one is started for that. */
const SPILL = 16
const SPILL_START = 64

export type WorkerPoolOptions = {
  /** URLs. */
  readonly modules: readonly string[]
  /** Workers for validation; reactions have one of their own beside them. */
  readonly size: number
  readonly limits: PluginHostLimits
  readonly logger: PluginLogger
  readonly clock: PluginClock
}

/**
 * Gives work to worker threads.
 *
 * - Small files go to the first worker, many in one message; further workers help when they are idle and
 *   the first has fallen behind.
 * - What is taken alone (large files) goes to the others, so that it never stands in the way of small files.
 * - One project has at most half of the workers with its large files, and at most half with its small ones.
 * - Reactions have a worker of their own: they may be slow, and no upload waits for them.
 * - Files that are followed while they are written only have workers that nobody else wants.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #half: number
  /** For validation; those that were never needed are missing. */
  readonly #workers: (PluginWorker | undefined)[]
  #reactor: PluginWorker | undefined
  readonly #small = new FairQueue<Job>()
  readonly #large = new FairQueue<Job>()
  readonly #followed = new FairQueue<Job>()
  readonly #reactions = new FairQueue<Job>()
  /** Small files of workers that died: each goes alone. */
  readonly #retries: Job[] = []
  #declarations: readonly string[] | undefined
  #pluginNames: readonly string[] = []
  #pluginOptions: readonly unknown[] = []
  #start: PromiseWithResolvers<readonly string[]> | undefined
  #configured: PromiseWithResolvers<void> | undefined
  #isScheduled = false
  #watch: NodeJS.Timeout | undefined
  #sentSmallSinceWatch = false
  #isClosed = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#half = Math.max(1, Math.floor(options.size / 2))
    this.#workers = Array.from({ length: options.size }, () => undefined)
  }

  /**
   * Starts the first worker: what the plugins declare, as JSON. {@link configure} is to follow.
   *
   * @throws CustodyError `invalid_plugin` when a module does not load
   */
  load(): Promise<readonly string[]> {
    this.#start = Promise.withResolvers()
    this.#workers[0] = this.#createWorker()
    return this.#start.promise
  }

  /** Resolves when the first worker can take files. */
  configure(pluginNames: readonly string[], options: readonly unknown[]): Promise<void> {
    this.#pluginNames = pluginNames
    this.#pluginOptions = options
    this.#configured = Promise.withResolvers()
    // A plugin may have ended the thread meanwhile; a new one is configured once it has loaded.
    if (this.#workers[0] === undefined) this.#workers[0] = this.#createWorker()
    else this.#workers[0].configure(options)
    return this.#configured.promise
  }

  /** Small files that arrive within one turn of the event loop share a message. */
  submitSmall(job: Job): void {
    if (!this.#admit(job)) return
    this.#small.push(job)
    this.#scheduleSoon()
  }

  submitLarge(job: Job): void {
    if (!this.#admit(job)) return
    this.#large.push(job)
    this.#scheduleSoon()
  }

  submitFollowed(job: Job): void {
    if (!this.#admit(job)) return
    this.#followed.push(job)
    this.#scheduleSoon()
  }

  submitReaction(job: Job): void {
    if (!this.#admit(job)) return
    this.#reactions.push(job)
    this.#scheduleSoon()
  }

  /** The writer of a followed file has come further. */
  advance(job: Job): void {
    this.#workers.find((worker) => worker?.alone === job)?.advance(job)
  }

  /** Nobody waits for the job any more; it has been answered already. */
  abandon(job: Job): void {
    for (const queue of [this.#small, this.#large, this.#followed, this.#reactions]) {
      if (queue.remove(job)) return
    }
    this.#workerOf(job)?.abandon(job)
  }

  /** Takes back a followed file that no worker has begun. */
  withdraw(job: Job): boolean {
    return this.#followed.remove(job)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#watch)
    const stopping = () => new CustodyError('overloaded', 'The server is stopping.')
    for (const job of this.#takeAllWaiting()) job.fail(stopping())
    const workers = [...this.#workers, this.#reactor].filter((worker) => !!worker)
    for (const worker of workers) for (const job of worker.jobs) job.fail(stopping())
    await Promise.all(workers.map((worker) => worker.end('closed', 'the host closes')))
  }

  #admit(job: Job): boolean {
    if (this.#isClosed) {
      job.fail(new CustodyError('overloaded', 'The server is stopping.'))
      return false
    }
    this.#startWatch()
    return true
  }

  #scheduleSoon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#schedule()
    })
  }

  /** `isStuck`: small files wait, and no worker has taken any for a while. */
  #schedule(isStuck = false): void {
    if (this.#isClosed) return
    this.#placeReactions()
    this.#placeRetries()
    this.#placeLarge()
    this.#placeSmall(isStuck)
    this.#placeFollowed()
  }

  #placeReactions(): void {
    if (this.#reactions.size === 0) return
    this.#reactor ??= this.#createWorker()
    if (!isIdle(this.#reactor)) return
    const job = this.#reactions.take()
    if (job !== undefined) this.#reactor.sendAlone(job)
  }

  #placeRetries(): void {
    while (this.#retries.length > 0) {
      const worker = this.#workers.find((candidate) => isIdle(candidate))
      if (worker === undefined) return
      const job = this.#retries.shift()
      if (job !== undefined && !job.isDone) worker.sendAlone(job)
    }
  }

  #placeLarge(): void {
    while (this.#hasPlaceableLarge()) {
      const worker = this.#idleForLarge()
      if (worker === undefined) {
        this.#makeRoomForLarge()
        return
      }
      const job = this.#large.take((project) => this.#hasLargeShare(project))
      if (job !== undefined) worker.sendAlone(job)
    }
  }

  #placeFollowed(): void {
    if (this.#large.size > 0 || this.#followed.size === 0) return
    if (!this.#followed.has((project) => this.#mayFollow(project))) return
    const worker = this.#idleForLarge()
    if (worker === undefined) {
      this.#startOneForLarge()
      return
    }
    const job = this.#followed.take((project) => this.#mayFollow(project))
    if (job !== undefined) worker.sendAlone(job)
  }

  #placeSmall(isStuck: boolean): void {
    const keepForLarge = this.#hasPlaceableLarge()
    for (const [index, worker] of this.#workers.entries()) {
      if (this.#small.size === 0) return
      const isFirst = index === 0
      if (!isFirst && (keepForLarge || !(isStuck || this.#small.size >= SPILL))) return
      if (worker === undefined) {
        if (!(isFirst || isStuck || this.#small.size >= SPILL_START)) return
        this.#workers[index] = this.#createWorker()
        return
      }
      if (!worker.isReady || worker.alone !== undefined) continue
      if (worker.load > LOW_WATER || worker.isStandingStill) continue
      const batch = this.#takeBatch(worker)
      if (batch.length === 0) continue
      worker.sendBatch(batch)
      this.#sentSmallSinceWatch = true
    }
  }

  #takeBatch(worker: PluginWorker): readonly Job[] {
    const passes = this.#smallShareBeside(worker)
    const batch: Job[] = []
    let bytes = 0
    while (batch.length < BATCH_FILES && bytes < BATCH_BYTES) {
      const job = this.#small.take(passes)
      if (job === undefined) break
      if (job.isDone) continue
      batch.push(job)
      bytes += job.size
    }
    return batch
  }

  /** Which projects may have small files in this worker; undefined: all. */
  #smallShareBeside(worker: PluginWorker): ((project: string) => boolean) | undefined {
    const others = this.#workers.filter(
      (other) => other && other !== worker && other.load > 0 && other.alone === undefined,
    )
    if (others.length < this.#half) return undefined
    return (project) => {
      const held = others.filter((other) => other && holds(other, project))
      return held.length < this.#half
    }
  }

  #hasPlaceableLarge(): boolean {
    if (this.#large.size === 0) return false
    return this.#large.has((project) => this.#hasLargeShare(project))
  }

  /** Whether the project may have one more large file in a worker. */
  #hasLargeShare(project: string): boolean {
    const alone = this.#workers.map((worker) => worker?.alone)
    const held = alone.filter((job) => job?.project === project && !isStillWritten(job))
    return held.length < this.#half
  }

  #mayFollow(project: string): boolean {
    const alone = this.#workers.map((worker) => worker?.alone)
    return alone.filter((job) => job?.project === project).length < this.#half
  }

  /** The first worker stays with the small files, unless it is the only one. */
  #largeFrom(): number {
    return this.#workers.length === 1 ? 0 : 1
  }

  #idleForLarge(): PluginWorker | undefined {
    return this.#workers.slice(this.#largeFrom()).find((worker) => isIdle(worker))
  }

  #makeRoomForLarge(): void {
    if (this.#startOneForLarge()) return
    const alone = this.#workers.map((worker) => worker?.alone)
    if (alone.some((job) => job?.isDone)) return
    // Whoever follows waits for a client; it can look at its file when that has ended.
    alone.find(isStillWritten)?.onInterrupted?.(false)
  }

  /** Whether one is on its way. */
  #startOneForLarge(): boolean {
    const from = this.#largeFrom()
    if (this.#workers.slice(from).some((worker) => worker?.isStarting)) return true
    const index = this.#workers.findIndex((worker, at) => at >= from && !worker)
    if (index === -1) return false
    this.#workers[index] = this.#createWorker()
    return true
  }

  #createWorker(): PluginWorker {
    this.#startWatch()
    return new PluginWorker({
      ...this.#options,
      onDeclared: (worker, declarations) => this.#onDeclared(worker, declarations),
      onReady: () => {
        this.#configured?.resolve()
        this.#schedule()
      },
      onRoom: () => this.#schedule(),
      onDeath: (worker, death) => this.#onDeath(worker, death),
    })
  }

  #onDeclared(worker: PluginWorker, declarations: readonly string[]): void {
    if (this.#declarations === undefined) {
      this.#declarations = declarations
      this.#start?.resolve(declarations)
      return
    }
    const changed = declarations.findIndex((text, i) => text !== this.#declarations?.[i])
    if (changed === -1) {
      worker.configure(this.#pluginOptions)
      return
    }
    // Events would name a version that did not run.
    const module = this.#options.modules[changed] ?? ''
    void worker.end('unloadable', `${module} has changed since the start: restart`)
  }

  #onDeath(worker: PluginWorker, death: Death): void {
    const index = this.#workers.indexOf(worker)
    const isReactor = worker === this.#reactor
    if (isReactor) this.#reactor = undefined
    else this.#workers[index] = undefined
    if (this.#isClosed) return
    const { reason, detail } = death
    const unloadable = new CustodyError('invalid_plugin', `Plugin ${detail}`)
    this.#start?.reject(unloadable)
    if (this.#configured === undefined) return
    if (worker.wasReady) {
      for (const job of death.jobs) this.#settleAfterDeath(job, death)
      this.#options.logger.warn({ reason, detail }, 'a plugin worker was replaced')
      if (isReactor) this.#reactor = this.#createWorker()
      else this.#workers[index] = this.#createWorker()
    } else {
      this.#configured.reject(unloadable)
      this.#options.logger.error({ reason, detail }, 'a plugin worker did not start')
      const error = pluginFailed(this.#options.modules.join(', '))
      for (const job of this.#takeAllWaiting()) job.fail(error)
    }
    this.#schedule()
  }

  #settleAfterDeath(job: Job, death: Death): void {
    const isCertain = job === death.culprit || (job.isRetry && job.stage > 0)
    if (isCertain) {
      const plugin = this.#pluginNames[job.stage - 1] ?? 'unknown'
      const { reason, detail } = death
      this.#options.logger.error({ plugin, reason, detail }, 'a plugin failed')
      job.fail(job.work.kind === 'react' ? reactionFailed(plugin) : pluginFailed(plugin))
      return
    }
    if (job.onInterrupted !== undefined) {
      job.onInterrupted(true)
      return
    }
    const wasStarted = job.stage > 0
    job.isRetry ||= wasStarted
    if (job.work.kind === 'react') this.#reactions.push(job)
    else if (job.work.kind === 'file') this.#large.push(job)
    else if (job.isRetry) this.#retries.push(job)
    else this.#small.push(job)
  }

  #takeAllWaiting(): Job[] {
    const queues = [this.#small, this.#large, this.#followed, this.#reactions]
    return [...this.#retries.splice(0), ...queues.flatMap((queue) => queue.clear())]
  }

  #workerOf(job: Job): PluginWorker | undefined {
    return [...this.#workers, this.#reactor].find((worker) => {
      return worker !== undefined && (worker.alone === job || holdsJob(worker, job))
    })
  }

  #startWatch(): void {
    this.#watch ??= setInterval(() => this.#onWatch(), WATCH_MS)
  }

  #onWatch(): void {
    let isBusy = false
    for (const worker of [...this.#workers, this.#reactor]) {
      if (worker === undefined) continue
      worker.watch()
      for (const job of worker.takeBackUnstarted()) this.#small.push(job)
      if (worker.load === 0 && worker.isReady) continue
      isBusy = true
      for (const job of worker.jobs) {
        if (this.#dropIfAborted(job)) worker.abandon(job)
      }
    }
    const waiting = [this.#small, this.#large, this.#followed, this.#reactions]
    for (const queue of waiting) {
      for (const job of queue) if (this.#dropIfAborted(job)) queue.remove(job)
    }
    const isStuck = this.#small.size > 0 && !this.#sentSmallSinceWatch
    this.#sentSmallSinceWatch = false
    if (isStuck) this.#schedule(true)
    if (isBusy || this.#retries.length > 0) return
    if (waiting.some(({ size }) => size > 0)) return
    clearInterval(this.#watch)
    this.#watch = undefined
  }

  /** Small files have no listener on their signal: that would cost as much as their validation. */
  #dropIfAborted(job: Job): boolean {
    if (job.isDone || job.signal?.aborted !== true) return false
    job.fail(job.signal.reason)
    return true
  }
}

function isIdle(worker: PluginWorker | undefined): worker is PluginWorker {
  return worker?.isReady === true && worker.load === 0
}

function holds(worker: PluginWorker, project: string): boolean {
  for (const job of worker.jobs) if (job.project === project) return true
  return false
}

function holdsJob(worker: PluginWorker, job: Job): boolean {
  for (const held of worker.jobs) if (held === job) return true
  return false
}

function isStillWritten(job: Job | undefined): boolean {
  return job?.work.kind === 'followed' && job.work.progress.total === null
}
