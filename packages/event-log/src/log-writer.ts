import type { BatchCommand } from './append/append-batch.ts'
import type { AppendOutcome } from './append/append-request.ts'
import type { CheckpointRow } from './append/log-tables.ts'
import type { ConsumerState } from './consumers/consumer-store.ts'

/** How a step of a purge went: where the next one begins (null: all is done), or what is in its way. */
export type PurgeStep =
  | { readonly next: number | null }
  | { readonly busy: PurgeObstacle }

/** `reader`: a connection that reads holds the write-ahead log; `rebuild`: readers use former tables of a projection still. */
export type PurgeObstacle = 'reader' | 'rebuild'

/** How far the next generation of a projection is. */
export type RebuildState = {
  readonly projection: string
  /** Events that were passed over. */
  readonly done: number
  /** Events that there are. */
  readonly of: number
  /** It goes live with the next append. */
  readonly isReady: boolean
  /** How often it was begun anew, since private data was erased meanwhile. */
  readonly restarts: number
}

/** The one place through which a log changes: an engine's write side. One call at a time. */
export interface LogWriter {
  /** Live generation of every projection. */
  readonly generations: Readonly<Record<string, string>>
  /** One transaction; where it fails as a whole, its members are tried one by one. Never rejects. */
  append(commands: readonly BatchCommand[]): Promise<AppendOutcome[]>
  createConsumer(name: string, position: number): Promise<void>
  saveConsumer(state: ConsumerState, expected: number): Promise<boolean>
  /** @throws Error where it does not come after all that are there */
  keepCheckpoint(checkpoint: CheckpointRow): Promise<void>
  /** Removes idempotency rows whose time has passed; resolves to their number. */
  forgetIdempotency(): Promise<number>
  /**
   * A few milliseconds of removing for good what was erased: from the write-ahead log, from tables of former
   * generations, from what deleted rows leave in the database file. `from`: 1, then what the step before gave as next.
   */
  purge(from: number): Promise<PurgeStep>
  /** Begins the next generation of a projection; {@link LogWriter.rebuildSlice} fills it. */
  startRebuild(projection: string): Promise<void>
  /** Projections that are being built anew, or wait to go live. */
  rebuilds(): Promise<readonly RebuildState[]>
  /**
   * A few milliseconds of rebuilding or of removing a retired generation. Resolves to whether there is
   * more to do. A new generation goes live with the next append after it has caught up. One that is being filled when
   * private data is erased begins anew. Never rejects.
   */
  rebuildSlice(): Promise<boolean>
  /** Readers use the live generations: what they took the place of can be removed. */
  releaseRetired(): void
  close(): Promise<void>
}
