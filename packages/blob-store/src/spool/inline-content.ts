import { storageError } from '../disk/storage-error.ts'
import type { SpooledContent } from './spooled-content.ts'

/** Content in memory. It touches no disk, unless it is committed to the store all the same. */
export class InlineContent implements SpooledContent {
  readonly bytes: number
  readonly sha256: string
  readonly inline: Uint8Array
  readonly path = undefined
  readonly #stage: () => Promise<SpooledContent>
  #ended = false

  /** @param stage Writes the content to a staging file. */
  constructor(content: Uint8Array, sha256: string, stage: () => Promise<SpooledContent>) {
    this.bytes = content.length
    this.sha256 = sha256
    this.inline = content
    this.#stage = stage
  }

  async commit(
    extentId: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    if (this.#ended) {
      throw new Error('Content can be committed once, and not after it was discarded')
    }
    this.#ended = true
    options.signal?.throwIfAborted()
    let staged: SpooledContent
    try {
      staged = await this.#stage()
    } catch (error) {
      throw storageError(error, 'The upload could not be stored')
    }
    await staged.commit(extentId, options)
  }

  async discard(): Promise<void> {
    this.#ended = true
  }
}
