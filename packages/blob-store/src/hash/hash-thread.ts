import { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import { threadEnvironment } from '../threads/thread-environment.ts'
import { endJob, ThreadPool } from '../threads/thread-pool.ts'
import type { HashReply, HashRequest } from './hash-messages.ts'

/** The SHA-256 of one file, also while it grows. */
export interface FileHash {
  /** The first `bytes` bytes of the file are written now. */
  advance(bytes: number): void
  /** The file is complete with `bytes` bytes. Resolves to 64 lower-case hex digits. */
  digest(bytes: number): Promise<string>
  /** Resolves when the thread has let go of the file. Never rejects. */
  cancel(): Promise<void>
}

/** Takes what came of one file. */
type Settle = (outcome: HashReply) => void

type Own = { readonly worker: Worker }

/**
 * One thread that hashes staging files, in turns of 1 MiB each. It reads them back from the page cache, so the main
 * thread neither hashes nor hands over buffers (figures: docs/decisions/0003-staging-and-hashing.md).
 *
 * If the thread dies, the hashes it was at fail with `internal_error`, and the next file starts a new one.
 */
export class HashThread {
  readonly #pool: ThreadPool<Own, Settle, HashReply>

  constructor({
    createWorker = () =>
      new Worker(new URL('./hash-worker.ts', import.meta.url), {
        env: threadEnvironment(),
        execArgv: [],
      }),
  }: { readonly createWorker?: () => Worker } = {}) {
    this.#pool = new ThreadPool({
      ...{ name: 'hash', threads: 1 },
      start: () => ({ worker: createWorker() }),
      onReply(thread, reply) {
        const settle = thread.jobs.get(reply.id)
        endJob(thread, reply.id)
        settle?.(reply)
      },
      onLost: (settle, id, why) => settle({ kind: 'failed', id, message: why }),
    })
  }

  /** @throws CustodyError `overloaded` after {@link HashThread.close} */
  open(path: string): FileHash {
    const { promise, resolve } = Promise.withResolvers<HashReply>()
    const { id, thread } = this.#pool.begin(resolve)
    const send = (request: HashRequest) => {
      if (thread.jobs.has(id)) thread.worker.postMessage(request)
    }
    send({ kind: 'open', id, path })
    return {
      advance: (bytes) => send({ kind: 'advance', id, to: bytes }),
      digest: async (bytes) => {
        send({ kind: 'end', id, to: bytes })
        const outcome = await promise
        if (outcome.kind === 'digest') return outcome.sha256
        const why = outcome.kind === 'failed' ? outcome.message : 'it was cancelled'
        throw new CustodyError('internal_error', 'The content could not be hashed', {
          cause: new Error(why),
        })
      },
      cancel: async () => {
        send({ kind: 'cancel', id })
        await promise
      },
    }
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }
}
