/** A small file's turn: gives its reply, as a promise only where a validator does. */
export type SmallFile = {
  readonly slot: number
  readonly run: () => string | Promise<string>
  /** Told when it waits for something outside. */
  readonly onWaiting: () => void
}

/** Files whose validators wait for something outside at the same time. */
const MAX_WAITING = 16
/** Replies that go out together: one message for each would cost the host more than the reply itself. */
const REPLIES_PER_MESSAGE = 4

/**
 * Runs small files one after another. A validator that waits for something outside (a socket, a timer) does
 * not hold up the files behind it.
 */
export class SmallFiles {
  readonly #post: (replies: readonly (number | string)[]) => void
  readonly #queue: SmallFile[] = []
  #replies: (number | string)[] = []
  #isRunning = false
  #waiting = 0
  #onSettled: (() => void) | undefined

  constructor(post: (replies: readonly (number | string)[]) => void) {
    this.#post = post
  }

  push(files: readonly SmallFile[]): void {
    this.#queue.push(...files)
    if (!this.#isRunning) void this.#drain()
  }

  async #drain(): Promise<void> {
    this.#isRunning = true
    let next = 0
    for (; next < this.#queue.length; next += 1) {
      const file = this.#queue[next]
      if (file === undefined) break
      const reply = file.run()
      if (typeof reply === 'string') this.#note(file.slot, reply)
      else await this.#settledOrWaiting(file, reply)
      if (this.#waiting >= MAX_WAITING) await this.#oneSettled()
    }
    this.#queue.length = 0
    this.#isRunning = false
    this.#flush()
  }

  /** Resolves when the reply is there, or when it is clear that it takes a turn of the event loop. */
  #settledOrWaiting(file: SmallFile, reply: Promise<string>): Promise<void> {
    this.#waiting += 1
    return new Promise((resolve) => {
      const turn = setImmediate(() => {
        file.onWaiting()
        this.#flush()
        resolve()
      })
      void reply.then((text) => {
        clearImmediate(turn)
        this.#waiting -= 1
        this.#note(file.slot, text)
        if (!this.#isRunning) this.#flush()
        this.#onSettled?.()
        resolve()
      })
    })
  }

  #oneSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled = () => {
        this.#onSettled = undefined
        resolve()
      }
      this.#flush()
    })
  }

  #note(slot: number, reply: string): void {
    this.#replies.push(slot, reply)
    if (this.#replies.length >= 2 * REPLIES_PER_MESSAGE) this.#flush()
  }

  #flush(): void {
    if (this.#replies.length === 0) return
    this.#post(this.#replies)
    this.#replies = []
  }
}
