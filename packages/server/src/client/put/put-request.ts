import type { ApiConnection } from '../connection/api-connection.ts'
import type { Tracker } from '../progress.ts'
import type { Slots } from '../slots.ts'
import type { LocalFile } from './local-file.ts'

/** A file that is to be put, and what is said of it. */
export type PutRequest = {
  readonly file: LocalFile
  readonly filename: string
  readonly purpose: string
  /** Seconds. */
  readonly expiresAfter?: number
  readonly metadata?: Readonly<Record<string, string>>
  readonly tracker: Tracker
  /** Something that a person should know. */
  note(text: string): void
}

export type PutTools = {
  readonly api: ApiConnection
  /** For requests with content. */
  readonly slots: Slots
  readonly parallel: number
  /** What is larger goes in parts of this size. */
  readonly partBytes: number
  newId(): string
}
