const KiB = 1024
const MiB = 1024 * KiB

/** Bounds of the HTTP layer. Every field has a default; tests shorten the times. */
export type HttpOptions = {
  /** Milliseconds for the whole request head to arrive. Default 30,000. */
  readonly headersTimeoutMs: number
  /** Milliseconds that a body, or a client that reads an answer, may stand still. Default 60,000. */
  readonly idleMs: number
  /** Milliseconds after which a transfer's average rate counts. Default 60,000. */
  readonly slowAfterMs: number
  /** Least average rate of a transfer, in bytes per second. Default 1,024. */
  readonly minBytesPerSecond: number
  /** Milliseconds between two looks at running transfers and waiting heads. Default 1,000. */
  readonly checkEveryMs: number
  /** Milliseconds that an idle connection is kept. Default 65,000: longer than most load balancers keep theirs. */
  readonly keepAliveMs: number
  /** Bytes of a refused body that are read and thrown away, so that the client sees the answer. Default 64 MiB. */
  readonly drainMaxBytes: number
  /** Milliseconds for the same. Default 10,000. */
  readonly drainMs: number
  /** Milliseconds between two signs of life on a live stream. Default 15,000. */
  readonly heartbeatMs: number
  /** Bytes of a live stream that its reader may leave untaken before it is dropped. Default 1 MiB. */
  readonly maxUnreadBytes: number
  /** Bytes of a request head. Default 16 KiB, Node's own. */
  readonly maxHeaderBytes: number
}

/** What holds where nothing is given. */
export const defaultHttpOptions: HttpOptions = {
  headersTimeoutMs: 30_000,
  idleMs: 60_000,
  slowAfterMs: 60_000,
  minBytesPerSecond: KiB,
  checkEveryMs: 1_000,
  keepAliveMs: 65_000,
  drainMaxBytes: 64 * MiB,
  drainMs: 10_000,
  heartbeatMs: 15_000,
  maxUnreadBytes: MiB,
  maxHeaderBytes: 16 * KiB,
}
