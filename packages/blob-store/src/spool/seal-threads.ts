import { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import type { SealedFormat, SealMode } from '../sealed/sealed-formats.ts'
import { threadEnvironment } from '../threads/thread-environment.ts'
import { type Output, OutputPool } from './output-pool.ts'
import type { SealReply, SealRequest } from './seal-messages.ts'

/** Bytes of the stream, in memory that others wait for. */
export type SealedPiece = {
  readonly stored: Uint8Array
  readonly format: SealedFormat
  /** Called once, when `stored` is no longer needed. */
  readonly release: () => void
}

/** One content on its way to a sealed stream. Each call waits for the former one. */
export interface ContentSeal {
  /** `content` is at the start of its memory, which is shared and not to be changed until this resolves. */
  push(content: Uint8Array): Promise<SealedPiece>
  /** No more content: the rest of the stream. */
  end(): Promise<SealedPiece & { readonly sha256: string }>
  /** Nobody wants the rest. */
  cancel(): void
}

/** Outputs for each thread: one is filled, one is written, and two wait in front of the thread. */
const OUTPUTS = 4

type Thread = {
  readonly worker: Worker
  readonly outputs: OutputPool
  /** By id: what waits for its next reply; undefined while nothing does. */
  readonly streams: Map<number, ((reply: SealReply) => void) | undefined>
}

/**
 * Threads that hash, compress and encrypt, in turns of 1 MiB for each stream: the main thread does none of it. A
 * stream belongs to the thread that had the fewest when it began.
 *
 * If a thread dies, the streams that it was at fail with `internal_error`, and the next stream starts another.
 */
export class SealThreads {
  readonly #max: number
  readonly #createWorker: () => Worker
  readonly #threads = new Set<Thread>()
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
        new Worker(new URL('./seal-worker.ts', import.meta.url), {
          env: threadEnvironment(),
          execArgv: [],
        }))
  }

  /** @throws CustodyError `overloaded` after {@link SealThreads.close} */
  open(options: {
    readonly mode: Exclude<SealMode, 'off'>
    readonly dataKey: Uint8Array
    /** 39 bytes. */
    readonly random: Uint8Array
  }): ContentSeal {
    if (this.#closed) {
      throw new CustodyError('overloaded', 'The store is closing', {
        headers: { 'retry-after': '1' },
      })
    }
    const thread = this.#idlest()
    const { streams, worker, outputs } = thread
    this.#lastId += 1
    const id = this.#lastId
    streams.set(id, undefined)
    worker.ref()
    const send = (request: SealRequest) => worker.postMessage(request)
    async function ask(
      request: (output: Output) => SealRequest,
      expected: 'pushed' | 'ended',
    ) {
      const output = await outputs.take()
      const { promise, resolve } = Promise.withResolvers<SealReply>()
      if (streams.has(id)) {
        streams.set(id, resolve)
        send(request(output))
      } else resolve({ kind: 'failed', id, message: 'its thread has ended' })
      const reply = await promise
      if (reply.kind !== 'failed' && reply.kind === expected) {
        const stored = output.subarray(0, reply.storedBytes)
        return {
          reply,
          stored,
          format: reply.format,
          release: () => outputs.give(output),
        }
      }
      outputs.give(output)
      throw failure(reply.kind === 'failed' ? reply.message : reply.kind)
    }
    const { mode } = options
    // Copies of their own: to send a part of a buffer is to send all of it.
    const dataKey = new Uint8Array(options.dataKey)
    const random = new Uint8Array(options.random)
    send({ kind: 'open', id, mode, dataKey, random })
    return {
      async push({ buffer: memory, length: bytes }) {
        const { reply, ...piece } = await ask(
          (output) => ({ kind: 'push', id, memory, bytes, output }),
          'pushed',
        )
        return piece
      },
      async end() {
        const { reply, ...piece } = await ask(
          (output) => ({ kind: 'end', id, output }),
          'ended',
        )
        return { ...piece, sha256: reply.kind === 'ended' ? reply.sha256 : '' }
      },
      cancel: () => {
        if (!streams.has(id)) return
        send({ kind: 'cancel', id })
        settle(thread, { kind: 'failed', id, message: 'it was cancelled' })
      },
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()))
  }

  #idlest(): Thread {
    let idlest: Thread | undefined
    for (const thread of this.#threads) {
      if (idlest === undefined || thread.streams.size < idlest.streams.size) {
        idlest = thread
      }
    }
    if (idlest && (idlest.streams.size === 0 || this.#threads.size >= this.#max)) {
      return idlest
    }
    return this.#start()
  }

  #start(): Thread {
    // First: where there is no memory for them, no thread is left behind.
    const outputs = new OutputPool(OUTPUTS)
    const worker = this.#createWorker()
    const thread: Thread = { worker, outputs, streams: new Map() }
    let cause = 'the seal thread ended'
    worker.on('message', (reply: SealReply) => settle(thread, reply))
    worker.on('error', (error) => {
      cause = `the seal thread failed: ${error}`
    })
    worker.on('exit', () => {
      this.#threads.delete(thread)
      for (const id of [...thread.streams.keys()]) {
        settle(thread, { kind: 'failed', id, message: cause })
      }
    })
    this.#threads.add(thread)
    return thread
  }
}

function settle({ worker, streams }: Thread, reply: SealReply): void {
  const waiting = streams.get(reply.id)
  if (reply.kind === 'pushed') streams.set(reply.id, undefined)
  else streams.delete(reply.id)
  waiting?.(reply)
  // An idle thread keeps no process alive.
  if (streams.size === 0) worker.unref()
}

function failure(why: string): CustodyError {
  return new CustodyError('internal_error', 'The upload could not be sealed', {
    cause: new Error(why),
  })
}
