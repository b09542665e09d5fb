import type { EventRow, PrivateRow } from '../append/log-tables.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Sql } from '../sql/sql.ts'
import type { Findings } from './finding.ts'

/** A row of `events`. Hashes come as lower-case hex: a third of the time is saved that rows with byte arrays take. */
export type RawEvent = Omit<EventRow, 'leaf_hash'> & { readonly leaf_hash: string }

/** A row of `event_private`, with its salt in lower-case hex. */
export type RawPrivate = Omit<PrivateRow, 'salt'> & { readonly salt: string }

/**
 * The rows of a log as they are stored, and what its engine alone can tell of them. The connection cannot
 * write, takes no lock, and gives an integer that a number cannot hold as a bigint, not as an error.
 */
export interface RawRows {
  readonly sql: Sql
  /** Rows of `events` from one position to another, inclusive, in order. */
  events(from: number, to: number): MaybePromise<RawEvent[]>
  /** Rows of `event_private` likewise, each position's by group. */
  privates(from: number, to: number): MaybePromise<RawPrivate[]>
  /**
   * The engine's own check of tables and indexes, and the types of stored values.
   *
   * @param isDefined whether the tables are defined as they should be: the engine's check then tells of types, too
   */
  checkEngine(findings: Findings, isDefined: boolean): Promise<void>
  /**
   * Columns of a row whose stored bytes are not those of the text that is read: bytes that are no UTF-8 are
   * read as U+FFFD, which another text may hold.
   */
  inexactTexts(
    table: 'events' | 'event_private',
    key: { readonly position: number; readonly grp?: string },
  ): Promise<readonly string[]>
  /** Whether the error says that the database is damaged. */
  isDamage(error: unknown): boolean
  close(): Promise<void>
}

/** A log to verify. */
export interface RawLog extends RawRows {
  /** The definitions of tables, indexes and triggers. */
  checkSchema(findings: Findings): Promise<void>
}

/** Which events say that private groups of others were erased. */
export type Erasures = {
  readonly types: readonly string[]
  /** The groups that such an event names; undefined where its data is no such thing. */
  of(data: unknown): readonly ErasedGroup[] | undefined
}

/** Which events say with which key the log signs its checkpoints. */
export type LogKeys = {
  readonly types: readonly string[]
  /** The key (C2SP vkey) that such an event names, and for which epoch; undefined where its data is no such thing. */
  of(data: unknown): { readonly epoch: number; readonly vkey: string } | undefined
}

/** A private group that an erasure names. */
export type ErasedGroup = { readonly position: number; readonly group: string }
