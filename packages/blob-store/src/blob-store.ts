import type { ReadOptions } from './byte-range.ts'
import type { SealedExtent } from './sealed/read-sealed.ts'
import type { ContentFollower } from './spool/content-follower.ts'
import type { SpooledContent } from './spool/spooled-content.ts'
import type { UploadSpool } from './spool/upload-spool.ts'

/** Content of at most this many bytes stays in memory and can lie inline in the log: 64 KiB. */
export const INLINE_MAX_BYTES = 64 * 1024

/** An extent of the store, as a listing has it. */
export type StoredExtent = {
  readonly extentId: string
  readonly bytes: number
  /** When the object was last written, in Unix milliseconds by the store's own clock. */
  readonly modifiedAt: number
}

/**
 * Keeps extents: immutable byte strings under a UUID. It knows neither files nor events; who commits an extent
 * appends the event that promises it, and afterwards only.
 *
 * What goes wrong while content is stored, read or deleted is a `CustodyError`: `insufficient_storage` when space
 * runs out, `content_damaged` when stored bytes are not there, `overloaded` when descriptors run out, `internal_error`
 * for any other fault. An abort rejects with the signal's reason.
 */
export interface BlobStore {
  /** A sink for one upload. Whoever takes it ends or discards it; an abort discards it too. */
  spool(options: {
    /** Most bytes that the content may have, inclusive. One more: `file_too_large`. */
    readonly maxBytes: number
    /** Shown content that is larger than {@link INLINE_MAX_BYTES} and is sealed, and no other. */
    readonly follower?: ContentFollower | undefined
    readonly signal: AbortSignal
  }): UploadSpool

  /** Content that is whole in memory already: at most {@link INLINE_MAX_BYTES}. */
  fromBuffer(content: Uint8Array): SpooledContent

  /** The bytes as they are stored. Yields `content_damaged` if the extent is missing or ends before the range does. */
  read(extentId: string, options: ReadOptions): AsyncIterable<Uint8Array>

  /**
   * The content of a sealed extent, opened where it keeps nobody else waiting. Only the segments that have a part of the
   * range are read, beside those with the seek table; nothing is yielded that is not authentic.
   *
   * Yields `content_damaged` where the damage begins, if there is any in those segments.
   */
  readSealed(
    extentId: string,
    extent: SealedExtent,
    options: ReadOptions,
  ): AsyncIterable<Uint8Array>

  /** Where a thread may read the stored bytes by itself; undefined where they lie in no file. */
  pathOf(extentId: string): string | undefined

  /**
   * The SHA-256 of the first `bytes` bytes as they are stored, made where it keeps nobody else waiting: 64 lower-case
   * hex digits.
   *
   * @throws CustodyError `content_damaged` if the extent is missing or shorter
   */
  digest(
    extentId: string,
    options: { readonly bytes: number; readonly signal?: AbortSignal },
  ): Promise<string>

  /** Those of `extentIds` that are stored. */
  existing(
    extentIds: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<Set<string>>

  /** Durable when it resolves. An extent that is not there is reported as missing, not as an error. */
  delete(
    extentIds: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly deleted: readonly string[]; readonly missing: readonly string[] }>

  /** Every stored extent, in no order. What is not named like an extent is passed over. */
  list(options?: { readonly signal?: AbortSignal }): AsyncIterable<StoredExtent>

  /** Removes staged content that nobody works on (what a killed process left) and that was last written before `olderThan` (Unix ms). */
  sweepStaging(options: {
    readonly olderThan: number
    readonly signal?: AbortSignal
  }): Promise<{ readonly removed: number; readonly bytes: number }>

  /** Space where uploads are staged. One quick system call, so it is synchronous. */
  freeSpace(): { readonly freeBytes: number; readonly totalBytes: number }

  /** Discards the spools that still run, and frees threads and descriptors. */
  close(): Promise<void>
}
