/** A body on its way in or out. */
export type Transfer = {
  /** Bytes that the peer has sent or taken so far. */
  bytes: number
  /** Whether it is the peer that everybody waits for, and not our disk. */
  waiting: boolean
  /** Milliseconds that the peer let pass since bytes last moved. */
  idleMs: number
  /** Called once when the peer is too slow, with a sentence that says how. */
  readonly cut: (reason: string) => void
}

export type TransferBounds = {
  readonly idleMs: number
  readonly slowAfterMs: number
  readonly minBytesPerSecond: number
}

type Watched = { readonly transfer: Transfer; seen: number; elapsedMs: number }

/**
 * Finds peers that stand still or crawl. One look at all transfers every so often, in place of a timer each: a
 * small upload pays for a set's `add` and `delete` only. Time counts while the peer is waited for.
 */
export class TransferWatch {
  readonly #bounds: TransferBounds
  readonly #running = new Set<Watched>()

  constructor(bounds: TransferBounds) {
    this.#bounds = bounds
  }

  /** Watches until the returned function is called. */
  watch(transfer: Transfer): () => void {
    const watched: Watched = { transfer, seen: 0, elapsedMs: 0 }
    this.#running.add(watched)
    return () => this.#running.delete(watched)
  }

  /** Looks at every transfer; `sinceMs` milliseconds have passed since the last look. */
  look(sinceMs: number): void {
    for (const watched of this.#running) {
      const { transfer } = watched
      if (transfer.bytes !== watched.seen) {
        watched.seen = transfer.bytes
        transfer.idleMs = 0
      } else if (transfer.waiting) transfer.idleMs += sinceMs
      if (transfer.waiting) watched.elapsedMs += sinceMs
      const reason = this.#tooSlow(watched)
      if (reason === undefined) continue
      this.#running.delete(watched)
      transfer.cut(reason)
    }
  }

  #tooSlow({ transfer, elapsedMs }: Watched): string | undefined {
    const { idleMs, slowAfterMs, minBytesPerSecond } = this.#bounds
    if (transfer.idleMs >= idleMs) return `no byte came through for ${idleMs / 1000} s`
    if (elapsedMs < slowAfterMs) return undefined
    const rate = (transfer.bytes * 1000) / elapsedMs
    return rate < minBytesPerSecond
      ? `the average is under ${minBytesPerSecond} bytes per second`
      : undefined
  }
}
