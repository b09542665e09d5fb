import type { SealedFormat } from '../sealed/sealed-formats.ts'

/** How content is coded where it is stored. */
export type StoredForm = {
  /** Bytes that it takes. */
  readonly bytes: number
  /** The bytes to be kept inline; undefined for content in a staging file. */
  readonly inline: Uint8Array | undefined
} & (
  | { readonly format: 'plain' }
  | {
      readonly format: SealedFormat
      /** Opens this extent and no other; whoever keeps the content keeps the key, wrapped. */
      readonly dataKey: Uint8Array
    }
)

/** Content that is complete, counted and hashed, but not yet anybody's: commit it or discard it. */
export interface SpooledContent {
  readonly bytes: number
  /** 64 lower-case hex digits. */
  readonly sha256: string
  /** The whole content where it is at most 64 KiB; undefined otherwise. */
  readonly inline: Uint8Array | undefined
  /** Sealed when it is looked at first. */
  readonly stored: StoredForm
  /** The staging file of larger content, coded as `stored` says, readable until commit or discard; undefined for inline content. */
  readonly path: string | undefined
  /**
   * Makes the content durable under `extentId`, a UUID that nothing is stored under yet. Once it resolves, the content
   * survives power loss. If it rejects, nothing is left: neither object nor staging file.
   *
   * @throws CustodyError `insufficient_storage`, `internal_error`; the reason of `signal`
   */
  commit(extentId: string, options?: { readonly signal?: AbortSignal }): Promise<void>
  /**
   * Throws the content away unless it was committed; safe at any time, any number of times. It never
   * rejects: what the disk refuses to remove is left for `sweepStaging`.
   */
  discard(): Promise<void>
}
