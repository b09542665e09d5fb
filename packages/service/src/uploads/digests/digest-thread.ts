import { Worker } from 'node:worker_threads'
import { CustodyError } from '@custody/domain'
import type { Algorithm, DigestReply, DigestRequest } from './digest-messages.ts'

/** Bytes of one content that are on their way to the thread at most. */
const WINDOW_BYTES = 2 * 2 ** 20

/** Digests of content, made in a thread of its own: hashing gigabytes here would stop every other request. */
export interface DigestThread {
  /** Lower-case hex, by algorithm. @throws CustodyError `internal_error`; the reason of `signal`; what `content` throws */
  digest(
    content: AsyncIterable<Uint8Array>,
    options: { readonly algorithms: readonly Algorithm[]; readonly signal: AbortSignal },
  ): Promise<Readonly<Partial<Record<Algorithm, string>>>>
}

type Running = {
  pending: number
  /** Called when there is room again, or when it failed. */
  wake: () => void
  error: Error | undefined
  readonly done: PromiseWithResolvers<Readonly<Partial<Record<Algorithm, string>>>>
}

/** The thread starts with the first content, and keeps no process alive while it has none. */
export function createDigestThread(
  createWorker: () => Worker = () =>
    new Worker(new URL('./digest-worker.ts', import.meta.url), { env: {} }),
): DigestThread {
  const running = new Map<number, Running>()
  let worker: Worker | undefined
  let lastId = 0

  function receive(message: DigestReply): void {
    const one = running.get(message.id)
    if (!one) return
    if (message.kind === 'digests') one.done.resolve(message.digests)
    else {
      one.pending -= message.bytes
      one.wake()
    }
  }

  function start(): Worker {
    const started = createWorker()
    let cause: unknown = new Error('the digest thread ended')
    started.on('message', receive)
    started.on('error', (error) => {
      cause = error
    })
    started.on('exit', () => {
      if (worker === started) worker = undefined
      for (const one of running.values()) {
        one.error = new CustodyError(
          'internal_error',
          'The content could not be hashed.',
          {
            cause,
          },
        )
        one.done.reject(one.error)
        one.wake()
      }
    })
    return started
  }

  return {
    async digest(content, { algorithms, signal }) {
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
      thread.ref()
      const send = (request: DigestRequest, transfer: readonly ArrayBuffer[] = []) =>
        thread.postMessage(request, transfer)
      try {
        send({ kind: 'open', id, algorithms })
        for await (const chunk of content) {
          signal.throwIfAborted()
          while (one.pending > WINDOW_BYTES && !one.error) {
            await new Promise<void>((resolve) => {
              one.wake = resolve
            })
          }
          if (one.error) throw one.error
          // A copy: whose the chunk's own memory is, only its source knows.
          const bytes = new Uint8Array(chunk)
          one.pending += bytes.length
          send({ kind: 'update', id, bytes }, [bytes.buffer])
        }
        send({ kind: 'end', id })
        return await one.done.promise
      } catch (error) {
        send({ kind: 'cancel', id })
        throw error
      } finally {
        running.delete(id)
        if (running.size === 0) thread.unref()
      }
    },
  }
}
