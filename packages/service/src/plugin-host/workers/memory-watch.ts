import type { Worker } from 'node:worker_threads'
import { type ControlBlock, word } from '../protocol.ts'
import type { PluginClock } from '../types.ts'

/** What a thread has to come to a read and to collect its garbage, in milliseconds. */
const COLLECT_MS = 2000

export type MemoryWatchOptions = {
  readonly worker: Worker
  readonly control: ControlBlock
  /** In use after a garbage collection; at any moment at most twice as much. */
  readonly memoryBytes: number
  readonly clock: PluginClock
  /** Called with the bytes in use that are too many. */
  readonly onOver: (bytes: number) => void
}

/** Heap limits of a worker do not count Buffers, so the thread's own figures are watched. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions
  #isMeasuring = false
  /** When the thread was asked to collect garbage. */
  #askedAt: number | undefined

  constructor(options: MemoryWatchOptions) {
    this.#options = options
  }

  measure(): void {
    if (this.#isMeasuring) return
    this.#isMeasuring = true
    this.#options.worker.getHeapStatistics().then(
      ({ used_heap_size, external_memory }) => {
        this.#isMeasuring = false
        this.#judge(used_heap_size + external_memory)
      },
      () => {
        this.#isMeasuring = false
      },
    )
  }

  /** Over its bound a thread is asked how much of that is garbage; at twice the bound it is not asked. */
  #judge(bytes: number): void {
    const { memoryBytes, control, clock, onOver } = this.#options
    const { words } = control
    const now = clock.now()
    const hasAnswered = Atomics.load(words, word.collect) === 0
    let used = bytes
    if (bytes <= 2 * memoryBytes) {
      if (this.#askedAt === undefined) {
        if (bytes <= memoryBytes) return
        this.#askedAt = now
        Atomics.store(words, word.collect, 1)
        return
      }
      if (!hasAnswered && now - this.#askedAt <= COLLECT_MS) return
      this.#askedAt = undefined
      if (hasAnswered) used = Atomics.load(words, word.usedKiB) * 1024
      if (used <= memoryBytes) return
    }
    onOver(used)
  }
}
