import { storageError } from '../disk/storage-error.ts'
import type { SpooledContent, StoredForm } from './spooled-content.ts'

/** Content in memory. It touches no disk, unless it is committed to the store all the same. */
export class InlineContent implements SpooledContent {
  readonly bytes: number
  readonly sha256: string
  readonly inline: Uint8Array
  readonly path = undefined
  readonly #seal: (content: Uint8Array) => StoredForm
  readonly #stage: (stored: StoredForm) => Promise<SpooledContent>
  #stored: StoredForm | undefined
  #ended = false

  constructor(
    content: Uint8Array,
    sha256: string,
    actions: {
      readonly seal: (content: Uint8Array) => StoredForm
      /** Writes what is stored to a staging file. */
      readonly stage: (stored: StoredForm) => Promise<SpooledContent>
    },
  ) {
    this.bytes = content.length
    this.sha256 = sha256
    this.inline = content
    this.#seal = actions.seal
    this.#stage = actions.stage
  }

  get stored(): StoredForm {
    this.#stored ??= this.#seal(this.inline)
    return this.#stored
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
      staged = await this.#stage(this.stored)
    } catch (error) {
      throw storageError(error, 'The upload could not be stored')
    }
    await staged.commit(extentId, options)
  }

  async discard(): Promise<void> {
    this.#ended = true
  }
}
