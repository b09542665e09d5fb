import type { ByteSource } from '@custody/plugin-api/host'
import type { FromThread } from '../protocol.ts'

/** Reads that the host does for this thread. */
export class HostReads {
  readonly #post: (message: FromThread) => void
  readonly #pending = new Map<number, PromiseWithResolvers<Uint8Array>>()
  #nextId = 1

  constructor(post: (message: FromThread) => void) {
    this.#post = post
  }

  source(slot: number, size: number): ByteSource {
    return {
      size,
      read: (start, end) => {
        const id = this.#nextId
        this.#nextId += 1
        const pending = Promise.withResolvers<Uint8Array>()
        this.#pending.set(id, pending)
        this.#post({ kind: 'read', slot, id, start, end: Math.min(end, size) })
        return pending.promise
      },
    }
  }

  /** Bytes, or why there are none. */
  answer(id: number, bytes: Uint8Array | string): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (typeof bytes === 'string') pending?.reject(new Error(bytes))
    else pending?.resolve(bytes)
  }
}
