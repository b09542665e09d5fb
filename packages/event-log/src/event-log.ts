import type { AppendRequest, AppendResult } from './append/append-request.ts'
import type { CheckpointRow } from './append/log-tables.ts'
import type { ConsumerState } from './consumers/consumer-store.ts'
import type { LogCommand } from './log-module.ts'
import type { LogReader } from './log-reader.ts'
import type { PurgeObstacle, RebuildState } from './log-writer.ts'

/** An event log, open for writing: one engine's, behind the interface that all have. */
export interface EventLog {
  /** What the log and its projections say, as committed. */
  readonly reader: LogReader
  /** Commands that wait for their answer. */
  readonly waiting: number
  /**
   * Hands a command in; resolves when its events are durable.
   *
   * @throws CustodyError the refusal that `decide` gave; `overloaded` when the queue is full;
   * `insufficient_storage`; `idempotency_key_reused`
   */
  append<C extends LogCommand>(
    request: AppendRequest<C>,
    attachments?: readonly Uint8Array[],
  ): Promise<AppendResult>
  readonly consumers: {
    /** A consumer that is known stays as it is. `position`: the last one that it does not want. */
    create(name: string, position: number): Promise<void>
    /** Compare-and-set on the position; resolves to whether it took place. */
    save(state: ConsumerState, expected: number): Promise<boolean>
  }
  /**
   * Writes down a checkpoint that is about to leave, durably.
   * @throws CustodyError `internal_error` where it does not come after all that are there
   */
  keepCheckpoint(checkpoint: CheckpointRow): Promise<void>
  /** Removes idempotency rows whose time has passed; resolves to their number. */
  forgetIdempotency(): Promise<number>
  /**
   * Removes for good what was erased before: nothing of it is in the database file or its write-ahead log then.
   * Where something is in the way for longer than `patienceMs`, it resolves to what that is.
   */
  purge(options: {
    readonly patienceMs: number
    readonly signal?: AbortSignal
  }): Promise<PurgeObstacle | undefined>
  /**
   * Begins to build a projection anew beside the live one. It goes live with the next append after it
   * has caught up. Resolves when it has begun.
   */
  rebuild(projection: string): Promise<void>
  /** Projections that are being built anew, or wait to go live. */
  rebuilds(): Promise<readonly RebuildState[]>
  /** Finishes what was handed in. A second call waits for the first. */
  close(): Promise<void>
}
