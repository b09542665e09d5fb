import type { StoredForm } from './spooled-content.ts'
import type { StagedPart } from './upload-spool.ts'

/** A file in the staging folder: content is appended front to back by one writer, and counted and hashed as it comes. */
export interface StagedFile {
  readonly path: string
  /** Bytes of the content that were appended. */
  readonly bytes: number
  /** What can be read of the content while the file grows; undefined: nothing. */
  readonly part: StagedPart | undefined
  /** How the file holds the content: once it is whole. */
  readonly stored: StoredForm
  /** Before the first `append`: the content is to be hashed while it comes. */
  startHashing(): void
  /** Resolves when `content` is no longer needed. An error of an earlier one may be thrown by a later one. */
  append(content: Uint8Array): Promise<void>
  /** No more content. The SHA-256 of all of it, which must have been hashing. */
  sha256(): Promise<string>
  /** After a power cut all that was appended is there, if the file's name is. */
  sync(): Promise<void>
  /** Lets go of the file and leaves it where it is. Any number of times. */
  close(): Promise<void>
}
