/** Work that comes back: every so often, or as soon as it is woken. One run at a time. */
export interface Repeating {
  /** Runs soon: after the run under way, where there is one. */
  wake(): void
  /** No further runs; resolves when the one under way has ended. */
  stop(): Promise<void>
}

export function repeat(options: {
  readonly everyMs: number
  /** From being woken to the run, so that one run serves many wakes. */
  readonly delayMs?: number
  readonly work: (signal: AbortSignal) => Promise<void>
  readonly onError: (error: unknown) => void
}): Repeating {
  const { everyMs, delayMs = 0, work, onError } = options
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let again = false

  function schedule(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(run, ms)
    timer.unref()
  }

  function run(): void {
    if (running || abort.signal.aborted) return
    again = false
    running = work(abort.signal)
      .catch((error: unknown) => {
        if (!abort.signal.aborted) onError(error)
      })
      .finally(() => {
        running = undefined
        if (!abort.signal.aborted) schedule(again ? delayMs : everyMs)
      })
  }

  schedule(everyMs)
  return {
    wake() {
      if (again || abort.signal.aborted) return
      again = true
      if (!running) schedule(delayMs)
    },
    async stop() {
      abort.abort()
      clearTimeout(timer)
      await running
    },
  }
}
