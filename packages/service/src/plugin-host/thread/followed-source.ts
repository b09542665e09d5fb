import type { ByteSource, FileSource } from '@custody/plugin-api/host'
import { type ControlBlock, offset, word } from '../protocol.ts'

type Waiter = {
  readonly start: number
  readonly end: number
  readonly resolve: (bytes: Uint8Array) => void
  readonly reject: (error: unknown) => void
}

/** The bytes of a file that is still being written: a read waits until its bytes are there. */
export class FollowedSource implements ByteSource {
  readonly #file: FileSource
  readonly #control: ControlBlock
  #waiters: Waiter[] = []

  constructor(file: FileSource, control: ControlBlock) {
    this.#file = file
    this.#control = control
  }

  get size(): number {
    const total = Atomics.load(this.#control.offsets, offset.total)
    return total < 0n ? Number.NaN : Number(total)
  }

  read(start: number, end: number): Uint8Array | Promise<Uint8Array> {
    if (this.#has(end)) return this.#readNow(start, end)
    return new Promise((resolve, reject) => {
      this.#waiters.push({ start, end, resolve, reject })
      this.wake()
    })
  }

  /** Resolves when the file has ended, so that all of it can be read. */
  async ended(): Promise<void> {
    await this.read(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  }

  /** Serves the reads whose bytes have come, and notes the offset that the others wait for. */
  wake(): void {
    const { words, offsets } = this.#control
    for (;;) {
      const [ready, waiting] = partition(this.#waiters, ({ end }) => this.#has(end))
      this.#waiters = waiting
      for (const waiter of ready) this.#serve(waiter)
      if (waiting.length === 0) {
        Atomics.store(words, word.waiting, 0)
        return
      }
      const wanted = Math.min(...waiting.map(({ end }) => end))
      Atomics.store(offsets, offset.wanted, BigInt(wanted))
      Atomics.store(words, word.waiting, 1)
      // The writer looks at `waiting` after it has noted its bytes, so one of the two sees the other.
      if (!this.#has(wanted)) return
    }
  }

  /** Fails the reads that wait. */
  fail(reason: unknown): void {
    for (const { reject } of this.#waiters.splice(0)) reject(reason)
    Atomics.store(this.#control.words, word.waiting, 0)
  }

  close(): void {
    this.#file.close()
  }

  #serve({ start, end, resolve, reject }: Waiter): void {
    try {
      // Memory behind a promise is the reader's, while the file source uses its own again.
      resolve(new Uint8Array(this.#readNow(start, end)))
    } catch (error) {
      reject(error)
    }
  }

  #readNow(start: number, end: number): Uint8Array {
    const { size } = this
    const last = Number.isNaN(size) ? end : Math.min(end, size)
    return this.#file.read(start, Math.max(start, last))
  }

  #has(end: number): boolean {
    const { offsets } = this.#control
    return (
      Atomics.load(offsets, offset.total) >= 0n ||
      Number(Atomics.load(offsets, offset.written)) >= end
    )
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const yes: T[] = []
  const no: T[] = []
  for (const item of items) (test(item) ? yes : no).push(item)
  return [yes, no]
}
