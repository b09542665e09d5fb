import { Worker } from 'node:worker_threads'
import type { VerifyWorkers } from './verify-log.ts'
import type { VerifyAnswer, VerifyJob, VerifyThreadData } from './verify-thread.ts'

type Waiting = {
  readonly job: VerifyJob
  readonly resolve: (answer: VerifyAnswer) => void
  readonly reject: (error: unknown) => void
}

/** Threads that verify a log beside each other, each with a connection of its own that only reads. */
export function startVerifyWorkers(
  data: VerifyThreadData,
  threads: number,
): VerifyWorkers & { close(): Promise<void> } {
  const queue: Waiting[] = []
  const idle: Worker[] = []
  const working = new Map<Worker, Waiting>()
  let lost: unknown

  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./verify-thread.ts', import.meta.url), {
      workerData: data,
      execArgv: [],
      name: 'custody-verify',
    })
    worker.on('message', (answer: VerifyAnswer) => {
      const waiting = working.get(worker)
      working.delete(worker)
      idle.push(worker)
      if (answer.kind === 'failed') waiting?.reject(answer.error)
      else waiting?.resolve(answer)
      dispatch()
    })
    // One thread that is gone is the end: what it had to do is not known to be done.
    worker.on('error', lose)
    idle.push(worker)
    return worker
  })

  function lose(error: unknown): void {
    lost ??= error
    for (const waiting of [...working.values(), ...queue]) waiting.reject(error)
    working.clear()
    queue.length = 0
  }

  function dispatch(): void {
    for (let worker = idle.pop(); worker; worker = idle.pop()) {
      const waiting = queue.shift()
      if (!waiting) {
        idle.push(worker)
        return
      }
      working.set(worker, waiting)
      worker.postMessage(waiting.job)
    }
  }

  function ask(job: VerifyJob): Promise<VerifyAnswer> {
    if (lost) return Promise.reject(lost)
    return new Promise((resolve, reject) => {
      queue.push({ job, resolve, reject })
      dispatch()
    })
  }

  return {
    // One more for each thread, so that none waits for the tree.
    parallel: 2 * threads,
    async range(from, to) {
      const answer = await ask({ kind: 'range', from, to })
      if (answer.kind !== 'range')
        throw new TypeError('A range is answered by its report')
      return answer.report
    },
    async tables(isDefined) {
      const answer = await ask({ kind: 'tables', isDefined })
      if (answer.kind !== 'tables') throw new TypeError('Tables are answered by a report')
      return answer.report
    },
    async close() {
      await Promise.all(
        workers.map(async (worker) => {
          if (worker.threadId === -1) return
          const exit = new Promise((resolve) => worker.once('exit', resolve))
          if (working.size > 0) await worker.terminate()
          else {
            worker.postMessage('close')
            await exit
          }
        }),
      )
    },
  }
}
