import type { SpooledContent } from './spooled-content.ts'

/** A staging file that still grows. */
export type StagedPart = {
  readonly path: string
  /** Bytes of the content that can be read by now. */
  readonly bytes: number
}

/** A sink for one upload, with back-pressure, count and SHA-256. For a single producer. */
export interface UploadSpool {
  /** Bytes taken so far. */
  readonly bytes: number
  /**
   * The staging file, once there is one, and how many bytes of it can be read by now: a validator may follow
   * the content while it grows.
   */
  readonly staged: StagedPart | undefined
  /**
   * Takes a chunk, which is the spool's own from then on. A promise is returned only where the caller must wait
   * for it before the next `write` or `end`.
   *
   * @throws CustodyError `file_too_large` at once; `insufficient_storage` and other faults of earlier chunks; the
   * reason of the signal after an abort. The spool is discarded by then.
   */
  write(chunk: Uint8Array): void | Promise<void>
  /** No more bytes. Resolves when all are written (not yet durable) and hashed. Throws what `write` throws. */
  end(): Promise<SpooledContent>
  /**
   * Throws everything away, also the content that `end` gave, unless that was committed. Safe at any time, any
   * number of times. It never rejects: what the disk refuses to remove is left for `sweepStaging`.
   */
  discard(): Promise<void>
}
