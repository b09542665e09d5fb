import { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import type { ReadOptions } from '../byte-range.ts'
import { damaged } from '../sealed/damaged.ts'
import type { SealedExtent } from '../sealed/read-sealed.ts'
import { FRAME_BYTES } from '../sealed/seek-table.ts'
import { threadEnvironment } from '../threads/thread-environment.ts'
import type { UnsealReply, UnsealRequest } from './unseal-messages.ts'

/** Pairs of outputs that are kept for the next read. */
const MAX_FREE = 4

/** One is filled while the other is used. */
type Outputs = readonly [SharedArrayBuffer, SharedArrayBuffer]

type Thread = {
  readonly worker: Worker
  /** By id: what waits for the next replies, in their order; with a count of bytes. */
  readonly reads: Map<number, PromiseWithResolvers<number>[]>
}

/** What is read, and where it lies. */
export type SealedRead = {
  readonly path: string
  readonly extentId: string
  readonly extent: SealedExtent
}

/**
 * Threads that read, decrypt and unpack sealed streams, a segment or frame of each in turn: the main thread does none of
 * it. A read belongs to the thread that had the fewest when it began.
 *
 * If a thread dies, the reads that it was at fail with `internal_error`, and the next one starts another.
 */
export class UnsealThreads {
  readonly #max: number
  readonly #createWorker: () => Worker
  readonly #threads = new Set<Thread>()
  readonly #free: Outputs[] = []
  #lastId = 0
  #closed = false

  /** @param options.threads At most; each starts when the others are busy. */
  constructor(options: {
    readonly threads: number
    readonly createWorker?: () => Worker
  }) {
    this.#max = options.threads
    this.#createWorker =
      options.createWorker ??
      (() =>
        new Worker(new URL('./unseal-worker.ts', import.meta.url), {
          env: threadEnvironment(),
          execArgv: [],
        }))
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
    this.#closed = true
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()))
  }

  #open(what: Omit<Extract<UnsealRequest, { kind: 'open' }>, 'kind' | 'id'>) {
    if (this.#closed) {
      throw new CustodyError('overloaded', 'The store is closing', {
        headers: { 'retry-after': '1' },
      })
    }
    const { reads, worker } = this.#idlest()
    this.#lastId += 1
    const id = this.#lastId
    const waiting: PromiseWithResolvers<number>[] = []
    const send = (request: UnsealRequest) => worker.postMessage(request)
    reads.set(id, waiting)
    worker.ref()
    send({ kind: 'open', id, ...what })
    return {
      next: () => {
        const asked = Promise.withResolvers<number>()
        // Who stops early does not ask what came of it.
        asked.promise.catch(() => {})
        if (reads.has(id)) {
          waiting.push(asked)
          send({ kind: 'next', id })
        } else asked.reject(failure('its thread has ended'))
        return asked.promise
      },
      close: () => {
        if (!reads.delete(id)) return
        send({ kind: 'close', id })
        // An idle thread keeps no process alive.
        if (reads.size === 0) worker.unref()
      },
    }
  }

  #idlest(): Thread {
    let idlest: Thread | undefined
    for (const thread of this.#threads) {
      if (idlest === undefined || thread.reads.size < idlest.reads.size) idlest = thread
    }
    if (idlest && (idlest.reads.size === 0 || this.#threads.size >= this.#max)) {
      return idlest
    }
    return this.#start()
  }

  #start(): Thread {
    const worker = this.#createWorker()
    const thread: Thread = { worker, reads: new Map() }
    let cause = 'the unseal thread ended'
    worker.on('message', (reply: UnsealReply) => settle(thread, reply))
    worker.on('error', (error) => {
      cause = `the unseal thread failed: ${error}`
    })
    worker.on('exit', () => {
      this.#threads.delete(thread)
      for (const waiting of thread.reads.values()) {
        for (const one of waiting.splice(0)) one.reject(failure(cause))
      }
      thread.reads.clear()
    })
    this.#threads.add(thread)
    return thread
  }
}

function createOutputs(): Outputs {
  return [new SharedArrayBuffer(FRAME_BYTES), new SharedArrayBuffer(FRAME_BYTES)]
}

function settle({ worker, reads }: Thread, reply: UnsealReply): void {
  const waiting = reads.get(reply.id)
  const [first] = waiting ?? []
  // Nobody waits for what a read that was closed still led to.
  if (!waiting || !first) return
  if (reply.kind === 'opened') {
    waiting.shift()
    first.resolve(reply.bytes)
    return
  }
  reads.delete(reply.id)
  for (const one of waiting.splice(0)) one.reject(CustodyError.revive(reply.error))
  if (reads.size === 0) worker.unref()
}

function failure(why: string): CustodyError {
  return new CustodyError('internal_error', 'Stored content could not be opened', {
    cause: new Error(why),
  })
}
