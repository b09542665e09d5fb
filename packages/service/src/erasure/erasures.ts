import type { AdminContext } from '../admin-types.ts'

/** A file that was erased. */
export type ErasureView = {
  /** Plain UUID of the file. */
  readonly id: string
  /** Unix seconds: when it was decided, by this request or an earlier one. */
  readonly erasedAt: number
}

/** What the erasure of a key's trail did, or would do. */
export type TrailView = {
  readonly key: string
  readonly dryRun: boolean
  /** Whether the key was good, and is not any more. */
  readonly revoked: boolean
  /** Its service account, whose name went too: no other key of it is good. */
  readonly account: string | null
  /** Files of which something was erased that the key had said. */
  readonly files: number
  /** Files that a hold or a retention protects: nothing of theirs was. */
  readonly held: number
  /** Uploads in parts that it began and that came to no file; those that were pending are cancelled. */
  readonly uploads: number
  /** Webhooks that were deleted, whose URL or description it had said. */
  readonly webhooks: number
  /** Plain UUIDs of the first 1,000 of both. */
  readonly fileIds: readonly string[]
  readonly heldIds: readonly string[]
}

export type EraseAsked = {
  /** `key:<id>`, or whoever administers. */
  readonly actor: string
  readonly idAsSent: string
  readonly requestId: string
}

/** Destroys private data for good. Ids of files are plain UUIDs. */
export interface Erasures {
  /**
   * Destroys what was said of a file and its content; of one that has ended, too. Resolves when nothing of it is in any
   * file of the data folder. Once more is as well.
   *
   * @throws CustodyError `file_not_found`, `file_held`; `erasure_unfinished` where it is decided and something
   * holds remnants still
   */
  eraseFile(project: string, id: string, asked: EraseAsked): Promise<ErasureView>
  /**
   * Erases what a key has said: names, metadata and notes of its events, and its own name and that of its account.
   * The key is revoked. Files stay, without their names.
   *
   * @throws CustodyError `project_not_found`, `api_key_not_found`, `erasure_unfinished`
   */
  eraseTrail(
    project: string,
    key: string,
    options: { readonly dryRun: boolean },
    context: AdminContext,
  ): Promise<TrailView>
}
