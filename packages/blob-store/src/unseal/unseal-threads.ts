import { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import type { ReadOptions } from '../byte-range.ts'
import { damaged } from '../sealed/damaged.ts'
import type { SealedExtent } from '../sealed/read-sealed.ts'
import { FRAME_BYTES } from '../sealed/seek-table.ts'
import { threadEnvironment } from '../threads/thread-environment.ts'
import { endJob, type PoolThread, ThreadPool } from '../threads/thread-pool.ts'
import type { UnsealReply, UnsealRequest } from './unseal-messages.ts'

/** Pairs of outputs that are kept for the next read. */
const MAX_FREE = 4

/** One is filled while the other is used. */
type Outputs = readonly [SharedArrayBuffer, SharedArrayBuffer]

/** What waits for the next replies, in their order; with a count of bytes. */
type Waiting = PromiseWithResolvers<number>[]

type Own = { readonly worker: Worker }

/** What is read, and where it lies. */
export type SealedRead = {
  readonly path: string
  readonly extentId: string
  readonly extent: SealedExtent
}

/**
 * Threads that read, decrypt and unpack sealed streams, a segment or frame of each in turn: the main thread does none of
 * it.
 *
 * If a thread dies, the reads that it was at fail with `internal_error`, and the next one starts another.
 */
export class UnsealThreads {
  readonly #pool: ThreadPool<Own, Waiting, UnsealReply>
  readonly #free: Outputs[] = []

  /** @param options.threads At most; each starts when the others are busy. */
  constructor({
    threads,
    createWorker = () =>
      new Worker(new URL('./unseal-worker.ts', import.meta.url), {
        env: threadEnvironment(),
        execArgv: [],
      }),
  }: {
    readonly threads: number
    readonly createWorker?: () => Worker
  }) {
    this.#pool = new ThreadPool({
      ...{ name: 'unseal', threads },
      start: () => ({ worker: createWorker() }),
      onReply: settle,
      onLost: (waiting, _id, why) => rejectAll(waiting, failure(why)),
    })
  }

  /** See `BlobStore.readSealed`. */
  async *read(
    { path, extentId, extent }: SealedRead,
    { start, end, reuse = false, signal }: ReadOptions,
  ): AsyncGenerator<Uint8Array> {
    signal?.throwIfAborted()
    if (start >= end) return
    if (end > extent.bytes) throw damaged('it ends too early')
    const { format, dataKey, bytes, storedBytes } = extent
    const outputs = this.#free.pop() ?? createOutputs()
    const { next, close } = this.#open({
      place: {
        ...{ path, extentId, bytes },
        // A copy: to send a part of a buffer is to send all of it.
        key: { format, dataKey: new Uint8Array(dataKey), storedBytes },
      },
      ...{ start, end, outputs },
    })
    let ahead: Promise<number> | undefined = next()
    try {
      for (let position = start, turn = 0; ahead; turn += 1) {
        const length: number = await ahead
        signal?.throwIfAborted()
        position += length
        ahead = position < end ? next() : undefined
        const chunk = new Uint8Array(outputs[turn % 2 === 0 ? 0 : 1], 0, length)
        yield reuse ? chunk : chunk.slice()
      }
    } finally {
      close()
      // Otherwise the thread may still write to one of them.
      if (!ahead && this.#free.length < MAX_FREE) this.#free.push(outputs)
    }
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }

  #open(what: Omit<Extract<UnsealRequest, { kind: 'open' }>, 'kind' | 'id'>) {
    const waiting: Waiting = []
    const { id, thread } = this.#pool.begin(waiting)
    const { jobs, worker } = thread
    const send = (request: UnsealRequest) => worker.postMessage(request)
    send({ kind: 'open', id, ...what })
    return {
      next: () => {
        const asked = Promise.withResolvers<number>()
        // Who stops early does not ask what came of it.
        asked.promise.catch(() => {})
        if (jobs.has(id)) {
          waiting.push(asked)
          send({ kind: 'next', id })
        } else asked.reject(failure('its thread has ended'))
        return asked.promise
      },
      close: () => {
        if (endJob(thread, id)) send({ kind: 'close', id })
      },
    }
  }
}

function createOutputs(): Outputs {
  return [new SharedArrayBuffer(FRAME_BYTES), new SharedArrayBuffer(FRAME_BYTES)]
}

function settle(thread: PoolThread<Own, Waiting>, reply: UnsealReply): void {
  const waiting = thread.jobs.get(reply.id)
  const [first] = waiting ?? []
  // Nobody waits for what a read that was closed still led to.
  if (!waiting || !first) return
  if (reply.kind === 'opened') {
    waiting.shift()
    first.resolve(reply.bytes)
    return
  }
  endJob(thread, reply.id)
  rejectAll(waiting, CustodyError.revive(reply.error))
}

function rejectAll(waiting: Waiting, error: CustodyError): void {
  for (const one of waiting.splice(0)) one.reject(error)
}

function failure(why: string): CustodyError {
  return new CustodyError('internal_error', 'Stored content could not be opened', {
    cause: new Error(why),
  })
}
