import type { CustodyError } from '@custody/domain/errors'
import type { Migration } from 'kysely/migration'
import type { Micros } from './log-time.ts'
import type { MaybePromise } from './maybe-promise.ts'
import type { Sql } from './sql/sql.ts'

/**
 * What the log is told about the events that it keeps. It runs where the log's write connection is
 * (on SQLite a thread of its own), so a module that exports `logModule` is named, not passed.
 */
export interface LogModule {
  /** The schema number under which a type is written today. @throws for an unknown type. */
  schemaOf(type: string): number
  /** @throws TypeError when data or private groups do not match the type's schema. */
  check(event: NewEvent): void
  /** Brings the body of an event of any schema to today's. @throws for an unknown type or a newer schema. */
  upcast(type: string, schema: number, body: EventBody): EventBody
  /** Tables beside the log, by name in order. Names begin with a number. */
  readonly migrations: Readonly<Record<string, Migration>>
  readonly projections: readonly Projection[]
  /**
   * One batch of commands inside one transaction. `batchOf(projection)` is what that projection's
   * `open` returned for this batch: the state that decisions read, with what the batch did so far.
   */
  openBatch(sql: Sql, batchOf: BatchOf): BatchDecider
}

/** The parts of an event that a schema describes. */
export type EventBody = {
  readonly data: unknown
  readonly private: Readonly<Record<string, unknown>>
}

/** Gives what a projection has opened for the batch under way. */
export type BatchOf = <Batch extends ProjectionBatch>(
  projection: Projection<Batch>,
) => Batch

/** Decides the commands of one batch, in order; later ones see what earlier ones did. */
export interface BatchDecider {
  /**
   * A refusal must leave no trace in what `flush` writes. After a throw, which is a defect, the batch is
   * given up and its commands are decided again, each in a batch of its own.
   */
  decide(command: LogCommand, context: DecideContext): MaybePromise<LogDecision>
  /** Writes what stands beside the log (never read by a replay), after all decisions. */
  flush(): MaybePromise<void>
}

/** Plain JSON data with a `type`. */
export type LogCommand = { readonly type: string }

/** What a decision may depend on beside the command and the state. */
export type DecideContext = {
  readonly project: string
  /** The time that the first event will have. */
  readonly now: Micros
  /** Bytes that came with the command, such as content that is stored inline. */
  readonly attachments: readonly Uint8Array[]
}

/** What a command leads to: events, or none, or the answer that it is refused with. */
export type LogDecision =
  | {
      readonly events: readonly NewEvent[]
      /** Private groups of earlier events to erase. */
      readonly erase?: readonly { readonly position: number; readonly group: string }[]
    }
  | { readonly refusal: CustodyError }

/** An event that was decided and has no place yet. */
export type NewEvent = {
  readonly type: string
  readonly stream: string
  /** The stream's version before it, or `latest` where the state does not tell it. */
  readonly after: number | 'latest'
  readonly data: unknown
  /** Erasable groups: the record holds only their commitments. */
  readonly private?: Readonly<Record<string, unknown>>
}

/** An event in its place. */
export type LogEvent = {
  readonly position: number
  readonly project: string
  readonly seq: number
  readonly stream: string
  readonly version: number
  readonly type: string
  readonly time: Micros
  readonly actor: string
  readonly data: unknown
  /** Groups that are there; erased ones are absent. */
  readonly private: Readonly<Record<string, unknown>>
}

/**
 * A table, or several, that say the same as the log. Physical names end in the version and, after a
 * rebuild, a generation: `files_v1`, `files_v1_2`.
 */
export interface Projection<Batch extends ProjectionBatch = ProjectionBatch> {
  readonly name: string
  /** A new number where the tables or their content change: the next start rebuilds. */
  readonly version: number
  /** Logical names of its tables. */
  readonly tables: readonly string[]
  /** Event types that concern it; others are not shown to it. */
  readonly types: readonly string[]
  /** Creates the tables (names are the physical ones), without the indexes that only queries need. */
  create(sql: Sql, table: (logical: string) => string): MaybePromise<void>
  /** Creates those indexes. */
  createIndexes(sql: Sql, table: (logical: string) => string): MaybePromise<void>
  open(sql: Sql): Batch
}

/**
 * What a projection holds in memory while a batch is being applied.
 *
 * What it writes depends on the events alone: not on where batches begin and end, which a replay does not
 * know, and not on the order of an object's keys, which a record does not keep (`canonicalJson` writes the same text for both).
 */
export interface ProjectionBatch {
  apply(event: LogEvent): MaybePromise<void>
  /** Writes the changes of the batch. */
  flush(): MaybePromise<void>
}
