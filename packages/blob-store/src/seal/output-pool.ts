import { alignedMemory } from '../threads/aligned-memory.ts'
import { OUTPUT_BYTES } from './seal-messages.ts'

/** Shared memory for what a thread makes. */
export type Output = Uint8Array<SharedArrayBuffer>

/** A fixed number of outputs; who finds none waits in line. */
export class OutputPool {
  readonly #free: Output[]
  readonly #waiting: ((output: Output) => void)[] = []

  constructor(count: number) {
    // Their pages are taken as they are first written to.
    this.#free = alignedMemory(count, OUTPUT_BYTES)
  }

  async take(): Promise<Output> {
    const free = this.#free.pop()
    if (free !== undefined) return free
    const { promise, resolve } = Promise.withResolvers<Output>()
    this.#waiting.push(resolve)
    return await promise
  }

  give(output: Output): void {
    const next = this.#waiting.shift()
    if (next) next(output)
    else this.#free.push(output)
  }
}
