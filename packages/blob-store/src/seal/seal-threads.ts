import { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import type { SealedFormat, SealMode } from '../sealed/sealed-formats.ts'
import { threadEnvironment } from '../threads/thread-environment.ts'
import { endJob, type PoolThread, ThreadPool } from '../threads/thread-pool.ts'
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

/** One stream. */
type Stream = {
  /** Takes its next reply; undefined while nothing waits for one. */
  take: ((reply: SealReply) => void) | undefined
}

type Own = { readonly worker: Worker; readonly outputs: OutputPool }

/**
 * Threads that hash, compress and encrypt, in turns of 1 MiB for each stream: the main thread does none of it.
 *
 * If a thread dies, the streams that it was at fail with `internal_error`, and the next stream starts another.
 */
export class SealThreads {
  readonly #pool: ThreadPool<Own, Stream, SealReply>

  /** @param options.threads At most; each starts when the others are busy. */
  constructor({
    threads,
    createWorker = () =>
      new Worker(new URL('./seal-worker.ts', import.meta.url), {
        env: threadEnvironment(),
        execArgv: [],
      }),
  }: {
    readonly threads: number
    readonly createWorker?: () => Worker
  }) {
    this.#pool = new ThreadPool({
      ...{ name: 'seal', threads },
      // Outputs first: where there is no memory for them, no thread is left behind.
      start: () => ({ outputs: new OutputPool(OUTPUTS), worker: createWorker() }),
      onReply: settle,
      onLost: ({ take }, id, why) => take?.({ kind: 'failed', id, message: why }),
    })
  }

  /** @throws CustodyError `overloaded` after {@link SealThreads.close} */
  open(options: {
    readonly mode: Exclude<SealMode, 'off'>
    readonly dataKey: Uint8Array
    /** 39 bytes. */
    readonly random: Uint8Array
  }): ContentSeal {
    const stream: Stream = { take: undefined }
    const { id, thread } = this.#pool.begin(stream)
    const { jobs, worker, outputs } = thread
    const send = (request: SealRequest) => worker.postMessage(request)
    async function ask(
      request: (output: Output) => SealRequest,
      expected: 'pushed' | 'ended',
    ) {
      const output = await outputs.take()
      const { promise, resolve } = Promise.withResolvers<SealReply>()
      if (jobs.has(id)) {
        stream.take = resolve
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
        if (!endJob(thread, id)) return
        send({ kind: 'cancel', id })
        stream.take?.({ kind: 'failed', id, message: 'it was cancelled' })
      },
    }
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }
}

function settle(thread: PoolThread<Own, Stream>, reply: SealReply): void {
  const stream = thread.jobs.get(reply.id)
  const take = stream?.take
  if (stream) stream.take = undefined
  if (reply.kind !== 'pushed') endJob(thread, reply.id)
  take?.(reply)
}

function failure(why: string): CustodyError {
  return new CustodyError('internal_error', 'The upload could not be sealed', {
    cause: new Error(why),
  })
}
