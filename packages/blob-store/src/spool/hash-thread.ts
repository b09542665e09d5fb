import { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain/errors'
import { threadEnvironment } from '../threads/thread-environment.ts'
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

type Pending = { readonly settle: (outcome: HashReply) => void }

/**
 * One thread that hashes staging files, in turns of 1 MiB each. It reads them back from the page cache, so the main
 * thread neither hashes nor hands over buffers (figures: docs/decisions/0003-staging-and-hashing.md).
 *
 * If the thread dies, the hashes it was at fail with `internal_error`, and the next file starts a new one.
 */
export class HashThread {
  readonly #createWorker: () => Worker
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  #lastId = 0
  #closed = false

  constructor(options: { readonly createWorker?: () => Worker } = {}) {
    this.#createWorker =
      options.createWorker ??
      (() =>
        new Worker(new URL('./hash-worker.ts', import.meta.url), {
          env: threadEnvironment(),
          execArgv: [],
        }))
  }

  open(path: string): FileHash {
    if (this.#closed) {
      throw new CustodyError('overloaded', 'The store is closing', {
        headers: { 'retry-after': '1' },
      })
    }
    const worker = this.#running()
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve } = Promise.withResolvers<HashReply>()
    this.#pending.set(id, { settle: resolve })
    worker.ref()
    const send = (request: HashRequest) => {
      if (this.#pending.has(id)) worker.postMessage(request)
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
    this.#closed = true
    await this.#worker?.terminate()
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const worker = this.#createWorker()
    let cause = 'the hash thread ended'
    worker.on('message', (reply: HashReply) => this.#settle(reply))
    worker.on('error', (error) => {
      cause = `the hash thread failed: ${error}`
    })
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = undefined
      for (const id of [...this.#pending.keys()]) {
        this.#settle({ kind: 'failed', id, message: cause })
      }
    })
    this.#worker = worker
    return worker
  }

  #settle(reply: HashReply): void {
    this.#pending.get(reply.id)?.settle(reply)
    this.#pending.delete(reply.id)
    // An idle thread keeps no process alive.
    if (this.#pending.size === 0) this.#worker?.unref()
  }
}
