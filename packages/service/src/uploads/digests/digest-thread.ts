import { Worker } from 'node:worker_threads'
import type { StoredFilePlace } from '@custody/blob-store/stored-file'
import { threadEnvironment } from '@custody/blob-store/thread-environment'
import { CustodyError } from '@custody/domain'
import type { Algorithm, DigestReply, DigestRequest } from './digest-messages.ts'

/** Bytes of one content that are on their way to the thread at most. */
const WINDOW_BYTES = 2 ** 20

/** Lower-case hex, by algorithm. */
export type Digests = Readonly<Partial<Record<Algorithm, string>>>

/** Digests of content, made in a thread of its own: hashing gigabytes here would stop every other request. */
export interface DigestThread {
  open(algorithms: readonly Algorithm[]): OpenDigest
}

/**
 * The digests of content that comes piece by piece. One call after the other; where one rejects, nothing more can be
 * said of the content, and it must be cancelled.
 */
export interface OpenDigest {
  /**
   * Where it lies in a file the thread reads it by itself, and the main thread has nothing to do with it. Of other
   * content a chunk is no longer needed when the next one is asked for.
   *
   * @throws CustodyError `internal_error`; for a file `content_damaged`, else what `content` throws
   */
  add(content: DigestSource): Promise<void>
  /**
   * Content at the start of shared memory, which is not to be changed until this resolves.
   *
   * @throws CustodyError `internal_error`
   */
  share(content: Uint8Array<SharedArrayBuffer>): Promise<void>
  /** What was added by now can be come back to; not while something is being added. */
  mark(): void
  /** As if nothing had been added since the mark. */
  undo(): void
  /** @throws CustodyError `internal_error` */
  end(): Promise<Digests>
  /** Safe at any time. */
  cancel(): void
}

type Running = {
  pending: number
  /** Called when there is room again, or when it failed. */
  wake: () => void
  error: Error | undefined
  readonly done: PromiseWithResolvers<Digests>
}

/** What is hashed. */
export type DigestSource = AsyncIterable<Uint8Array> | { readonly place: StoredFilePlace }

/** The thread starts with the first content, and keeps no process alive while nobody waits for it. */
export function createDigestThread(
  createWorker: () => Worker = () =>
    new Worker(new URL('./digest-worker.ts', import.meta.url), {
      env: threadEnvironment(),
      execArgv: [],
    }),
): DigestThread {
  const running = new Map<number, Running>()
  let worker: Worker | undefined
  let lastId = 0
  let waiting = 0

  function receive(message: DigestReply): void {
    const one = running.get(message.id)
    if (!one) return
    if (message.kind === 'digests') one.done.resolve(message.digests)
    else if (message.kind === 'failed') fail(one, CustodyError.revive(message.error))
    else {
      one.pending -= message.bytes
      one.wake()
    }
  }

  function start(): Worker {
    const started = createWorker()
    started.unref()
    let cause: unknown = new Error('the digest thread ended')
    started.on('message', receive)
    started.on('error', (error) => {
      cause = error
    })
    started.on('exit', () => {
      if (worker === started) worker = undefined
      for (const one of running.values()) fail(one, notHashed(cause))
      running.clear()
    })
    return started
  }

  return {
    open(algorithms) {
      worker ??= start()
      const thread = worker
      lastId += 1
      const id = lastId
      const one: Running = {
        pending: 0,
        wake: () => {},
        error: undefined,
        done: Promise.withResolvers(),
      }
      // Whoever feeds it may still be on the way to the result.
      one.done.promise.catch(() => {})
      running.set(id, one)
      const send = (request: DigestRequest, transfer: readonly ArrayBuffer[] = []) =>
        thread.postMessage(request, transfer)
      send({ kind: 'open', id, algorithms })

      async function waitFor<T>(work: () => Promise<T>): Promise<T> {
        waiting += 1
        thread.ref()
        try {
          return await work()
        } finally {
          waiting -= 1
          if (waiting === 0) thread.unref()
        }
      }

      async function room(most: number): Promise<void> {
        while (one.pending > most && !one.error) {
          await new Promise<void>((resolve) => {
            one.wake = resolve
          })
        }
        if (one.error) throw one.error
      }

      return {
        add: (content) =>
          waitFor(async () => {
            if ('place' in content) {
              one.pending += content.place.bytes
              send({ kind: 'file', id, place: content.place })
              return await room(0)
            }
            for await (const chunk of content) {
              await room(WINDOW_BYTES)
              // A copy: whose the chunk's own memory is, only its source knows.
              const bytes = new Uint8Array(chunk)
              one.pending += bytes.length
              send({ kind: 'update', id, bytes }, [bytes.buffer])
            }
          }),
        share: ({ buffer: memory, length: bytes }) =>
          waitFor(async () => {
            one.pending += bytes
            send({ kind: 'shared', id, memory, bytes })
            await room(0)
          }),
        mark: () => send({ kind: 'mark', id }),
        undo: () => send({ kind: 'undo', id }),
        end: () =>
          waitFor(async () => {
            if (one.error) throw one.error
            send({ kind: 'end', id })
            try {
              return await one.done.promise
            } finally {
              running.delete(id)
            }
          }),
        cancel() {
          if (!running.delete(id)) return
          send({ kind: 'cancel', id })
          fail(one, notHashed(new Error('it was cancelled')))
        },
      }
    },
  }
}

function fail(one: Running, error: Error): void {
  one.error = error
  one.done.reject(error)
  one.wake()
}

function notHashed(cause: unknown): CustodyError {
  return new CustodyError('internal_error', 'The content could not be hashed.', { cause })
}
