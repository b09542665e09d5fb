import type { ContentSeal, SealedPiece } from '../seal/seal-threads.ts'
import type { ContentFollower } from './content-follower.ts'
import type { StoredForm } from './spooled-content.ts'
import type { StagedFile } from './staged-file.ts'
import type { StagingFile } from './staging-file.ts'

export type SealedStagingOptions = {
  readonly dataKey: Uint8Array
  /** Shown what is appended. */
  readonly follower: ContentFollower | undefined
  /** Whether one thread seals all there is. */
  readonly oneThread: boolean
}

/** A staging file that never holds plain text: what is appended is sealed by a thread, and written as that comes back. */
export class SealedStagingFile implements StagedFile {
  readonly #file: StagingFile
  readonly #seal: ContentSeal
  readonly #options: SealedStagingOptions
  #isBegun = false
  #bytes = 0
  /** The last write: it goes on while the next content is sealed. */
  #writing: Promise<void> = Promise.resolve()
  #stored: StoredForm | undefined

  constructor(file: StagingFile, seal: ContentSeal, options: SealedStagingOptions) {
    this.#file = file
    this.#seal = seal
    this.#options = options
  }

  get path(): string {
    return this.#file.path
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Its reader would have to know where frames and segments end: it is read when it is whole. */
  get part(): undefined {
    return undefined
  }

  get stored(): StoredForm {
    if (this.#stored === undefined) throw new TypeError('The content is not whole yet')
    return this.#stored
  }

  /** The seal hashes all that it takes. */
  startHashing(): void {}

  async append(content: Uint8Array): Promise<void> {
    const { follower, oneThread } = this.#options
    if (!follower) return await this.#append(content)
    if (!this.#isBegun) await follower.begin({ oneThread })
    this.#isBegun = true
    await follower.pass(content, () => this.#append(content))
  }

  async #append(content: Uint8Array): Promise<void> {
    const piece = await this.#seal.push(content)
    this.#bytes += content.length
    await this.#write(piece)
  }

  async sha256(): Promise<string> {
    this.#options.follower?.end()
    const piece = await this.#seal.end()
    const { format, sha256 } = piece
    await this.#write(piece)
    await this.#writing
    const { bytes } = this.#file
    const { dataKey } = this.#options
    this.#stored = { format, bytes, dataKey, inline: undefined }
    return sha256
  }

  async sync(): Promise<void> {
    await this.#writing
    await this.#file.sync()
  }

  async close(): Promise<void> {
    this.#seal.cancel()
    await this.#writing.catch(() => {})
    await this.#file.close()
  }

  /** Waits for the former write, and begins this one. */
  async #write({ stored, release }: SealedPiece): Promise<void> {
    try {
      await this.#writing
    } catch (error) {
      release()
      throw error
    }
    if (stored.length === 0) return release()
    this.#writing = this.#file.append(stored).finally(release)
    // Who comes next is told.
    this.#writing.catch(() => {})
  }
}
