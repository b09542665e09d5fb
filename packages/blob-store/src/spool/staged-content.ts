import { storageError } from '../disk/storage-error.ts'
import type { SpooledContent, StoredForm } from './spooled-content.ts'
import type { StagedFile } from './staged-file.ts'

export type StagedContentActions = {
  readonly place: (
    extentId: string,
    options: { readonly signal: AbortSignal | undefined },
  ) => Promise<void>
  /** Never rejects. */
  readonly remove: () => Promise<void>
}

/** Content that lies in a staging file. */
export class StagedContent implements SpooledContent {
  readonly bytes: number
  readonly sha256: string
  readonly inline = undefined
  readonly path: string
  readonly stored: StoredForm
  readonly #actions: StagedContentActions
  #commit: Promise<void> | undefined
  #discard: Promise<void> | undefined

  constructor(file: StagedFile, sha256: string, actions: StagedContentActions) {
    this.bytes = file.bytes
    this.sha256 = sha256
    this.path = file.path
    this.stored = file.stored
    this.#actions = actions
  }

  async commit(
    extentId: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    if (this.#commit !== undefined || this.#discard !== undefined) {
      throw new Error('Content can be committed once, and not after it was discarded')
    }
    this.#commit = this.#place(extentId, options.signal)
    await this.#commit
  }

  async #place(extentId: string, signal: AbortSignal | undefined): Promise<void> {
    try {
      signal?.throwIfAborted()
      await this.#actions.place(extentId, { signal })
    } catch (error) {
      await this.#actions.remove()
      throw storageError(error, 'The upload could not be stored')
    }
  }

  async discard(): Promise<void> {
    // Placed or removed by now, in either case nobody's staging file any more.
    if (this.#commit !== undefined) return await this.#commit.catch(() => {})
    this.#discard ??= this.#actions.remove()
    await this.#discard
  }
}
