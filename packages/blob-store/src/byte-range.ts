/** The bytes from `start` (inclusive) to `end` (exclusive), both within the extent. */
export type ByteRange = { readonly start: number; readonly end: number }

/** A range that is read, and how. */
export type ReadOptions = ByteRange & {
  /**
   * Whether a chunk is no longer needed when the next one is asked for: its memory then serves again. Default: each
   * chunk is the caller's own.
   */
  readonly reuse?: boolean
  readonly signal?: AbortSignal
}
