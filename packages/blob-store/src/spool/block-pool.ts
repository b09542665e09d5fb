/** Size of the writes to a staging file, in bytes. */
export const BLOCK_BYTES = 256 * 1024

/** Free blocks that are kept for the next spool; more than these are left to the garbage collector. */
const MAX_FREE_BLOCKS = 32

/** Reuses the blocks in which spools collect small chunks: a fresh one costs page faults, each time. */
export class BlockPool {
  readonly #free: Buffer[] = []
  readonly #create: () => Buffer
  readonly #maxFree: number

  /** @param options.create Makes a block, all of one length. */
  constructor(
    options: { readonly create?: () => Buffer; readonly maxFree?: number } = {},
  ) {
    this.#create = options.create ?? (() => Buffer.allocUnsafeSlow(BLOCK_BYTES))
    this.#maxFree = options.maxFree ?? MAX_FREE_BLOCKS
  }

  take(): Buffer {
    return this.#free.pop() ?? this.#create()
  }

  /** Nothing may read or write `block` any more, a running system call included. */
  give(block: Buffer): void {
    if (this.#free.length < this.#maxFree) this.#free.push(block)
  }
}
