import { OUTPUT_BYTES } from './seal-messages.ts'

/** A fixed number of shared buffers; who finds none waits in line. */
export class OutputPool {
  readonly #free: SharedArrayBuffer[] = []
  readonly #waiting: ((output: SharedArrayBuffer) => void)[] = []
  #left: number

  constructor(count: number) {
    this.#left = count
  }

  async take(): Promise<SharedArrayBuffer> {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#left > 0) {
      this.#left -= 1
      return new SharedArrayBuffer(OUTPUT_BYTES)
    }
    const { promise, resolve } = Promise.withResolvers<SharedArrayBuffer>()
    this.#waiting.push(resolve)
    return await promise
  }

  give(output: SharedArrayBuffer): void {
    const next = this.#waiting.shift()
    if (next) next(output)
    else this.#free.push(output)
  }
}
