import type { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'

/** A thread with what it is at, by id. */
export type PoolThread<Own, Job> = Own & { readonly jobs: Map<number, Job> }

export type ThreadPoolOptions<Own, Job, Reply> = {
  /** What its threads do, in a word, for the sentence about one that has ended. */
  readonly name: string
  /** At most; each starts when the others are busy. */
  readonly threads: number
  /** Makes a worker, with what belongs to it alone. */
  readonly start: () => Own
  readonly onReply: (thread: PoolThread<Own, Job>, reply: Reply) => void
  /** Its thread has ended under it. */
  readonly onLost: (job: Job, id: number, why: string) => void
}

/**
 * Worker threads that are each at several jobs at once. A job belongs to the thread that had the fewest when it began. A
 * thread that dies loses its jobs, and the next job starts another; one that is at nothing keeps no process alive.
 */
export class ThreadPool<Own extends { readonly worker: Worker }, Job, Reply> {
  readonly #options: ThreadPoolOptions<Own, Job, Reply>
  readonly #threads = new Set<PoolThread<Own, Job>>()
  #lastId = 0
  #closed = false

  constructor(options: ThreadPoolOptions<Own, Job, Reply>) {
    this.#options = options
  }

  /** @throws CustodyError `overloaded` after {@link ThreadPool.close} */
  begin(job: Job): { readonly id: number; readonly thread: PoolThread<Own, Job> } {
    if (this.#closed) {
      throw new CustodyError('overloaded', 'The store is closing', {
        headers: { 'retry-after': '1' },
      })
    }
    const thread = this.#idlest()
    this.#lastId += 1
    thread.jobs.set(this.#lastId, job)
    thread.worker.ref()
    return { id: this.#lastId, thread }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()))
  }

  #idlest(): PoolThread<Own, Job> {
    let idlest: PoolThread<Own, Job> | undefined
    for (const thread of this.#threads) {
      if (idlest === undefined || thread.jobs.size < idlest.jobs.size) idlest = thread
    }
    const isFull = this.#threads.size >= this.#options.threads
    return idlest && (idlest.jobs.size === 0 || isFull) ? idlest : this.#start()
  }

  #start(): PoolThread<Own, Job> {
    const { name, start, onReply, onLost } = this.#options
    const thread: PoolThread<Own, Job> = { ...start(), jobs: new Map() }
    let why = `the ${name} thread ended`
    thread.worker.on('message', (reply: Reply) => onReply(thread, reply))
    thread.worker.on('error', (error) => {
      why = `the ${name} thread failed: ${error}`
    })
    thread.worker.on('exit', () => {
      this.#threads.delete(thread)
      const lost = [...thread.jobs]
      thread.jobs.clear()
      for (const [id, job] of lost) onLost(job, id, why)
    })
    this.#threads.add(thread)
    return thread
  }
}

/** A job is over: whether it was under way until now. */
export function endJob(
  { worker, jobs }: PoolThread<{ readonly worker: Worker }, unknown>,
  id: number,
): boolean {
  const wasThere = jobs.delete(id)
  if (jobs.size === 0) worker.unref()
  return wasThere
}
