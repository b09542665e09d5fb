import type { Line } from './define-plugin.ts'

/**
 * The lines of batches, one by one. Written by hand because an async generator costs nearly three times as
 * much for each line.
 */
export function eachLine(
  batches: AsyncIterable<readonly Line[]>,
): AsyncIterableIterator<Line> {
  return new EachLine(batches)
}

class EachLine implements AsyncIterableIterator<Line> {
  readonly #batches: AsyncIterator<readonly Line[]>
  #batch: readonly Line[] = []
  #index = 0
  /** Calls of `next` that wait for a batch, and the end of their queue. */
  #waiting = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor(batches: AsyncIterable<readonly Line[]>) {
    this.#batches = batches[Symbol.asyncIterator]()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Line>> {
    const value = this.#batch[this.#index]
    if (value !== undefined && this.#waiting === 0) {
      this.#index += 1
      return Promise.resolve({ done: false, value })
    }
    // A caller that does not wait for one answer before it asks again still gets the lines in order.
    this.#waiting += 1
    const answer = this.#queue.then(() => this.#advance())
    this.#queue = answer.then(ignore, ignore)
    return answer
  }

  async return(): Promise<IteratorResult<Line>> {
    this.#batch = []
    await this.#batches.return?.()
    return { done: true, value: undefined }
  }

  async #advance(): Promise<IteratorResult<Line>> {
    try {
      if (this.#index >= this.#batch.length) {
        const next = await this.#batches.next()
        this.#batch = next.done === true ? [] : next.value
        this.#index = 0
      }
      const value = this.#batch[this.#index]
      this.#index += 1
      return value === undefined
        ? { done: true, value: undefined }
        : { done: false, value }
    } finally {
      this.#waiting -= 1
    }
  }
}

function ignore(): void {}
