/** Content that is complete, counted and hashed, but not yet anybody's: commit it or discard it. */
export interface SpooledContent {
  readonly bytes: number
  /** 64 lower-case hex digits. */
  readonly sha256: string
  /** The whole content where it is at most 64 KiB; undefined otherwise. */
  readonly inline: Uint8Array | undefined
  /** The staging file of larger content, readable until commit or discard; undefined for inline content. */
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
