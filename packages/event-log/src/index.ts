export type {
  AppendedEvent,
  AppendRequest,
  AppendResult,
} from './append/append-request.ts'
export { findKeptAnswer, type KeptAnswer, keyReused } from './append/idempotency.ts'
export { keepCheckpoint } from './append/keep-checkpoint.ts'
export { type LogHead, WRITER_EPOCH } from './append/log-head.ts'
export type { CheckpointRow, LogTables } from './append/log-tables.ts'
export {
  type ConsumerState,
  markConsumer,
  removeConsumer,
  saveConsumer,
} from './consumers/consumer-store.ts'
export {
  type ExclusiveLock,
  takeExclusiveLock,
} from './engines/sqlite/connection/exclusive-lock.ts'
export type { SqliteDriverName } from './engines/sqlite/connection/sqlite-connection.ts'
export { sqliteVersion } from './engines/sqlite/connection/sqlite-version.ts'
export {
  openRawSqliteLog,
  type RawSqliteLogOptions,
} from './engines/sqlite/raw-sqlite-log.ts'
export {
  type Difference,
  openReplayDatabase,
  type ReplayDatabase,
} from './engines/sqlite/replay-database.ts'
export { snapshotSqlite } from './engines/sqlite/snapshot.ts'
export type { EventLog } from './event-log.ts'
export { type EventRecord, RECORD_VERSION } from './event-record.ts'
export { buildIndex } from './export/build-index.ts'
export { readLogLines, readTileLines } from './export/log-lines.ts'
export { type LogLoader, openLogLoader } from './export/log-loader.ts'
export type {
  BatchDecider,
  BatchOf,
  DecideContext,
  EventBody,
  LogCommand,
  LogDecision,
  LogEvent,
  LogModule,
  NewEvent,
  Projection,
  ProjectionBatch,
} from './log-module.ts'
export { type LogReader, openSqliteLogReader } from './log-reader.ts'
export { formatTime, type Micros, parseTime } from './log-time.ts'
export type { PurgeObstacle, RebuildState } from './log-writer.ts'
export type { MaybePromise } from './maybe-promise.ts'
export {
  openSqliteEventLog,
  type SqliteEventLogOptions,
} from './open-sqlite-event-log.ts'
export {
  firstGeneration,
  physicalName,
  physicalNames,
} from './projections/projection-set.ts'
export { type ReplayReport, replay } from './projections/replay.ts'
export {
  positionAt,
  positionOfEvent,
  seqAt,
  seqOfPosition,
  timeOfSeq,
} from './read/find-place.ts'
export { lastCheckpoint } from './read/read-checkpoints.ts'
export type { ReadQuery } from './read/read-events.ts'
export {
  type EventPlace,
  type MatchingQuery,
  readMatchingEvents,
} from './read/read-matching-events.ts'
export {
  lastSeq,
  type ProjectQuery,
  readProjectEvents,
} from './read/read-project-events.ts'
export {
  firstRecord,
  privateGroup,
  type RawRecord,
  recordAt,
  recordOfSeq,
} from './read/read-record.ts'
export { createTileReader, readEntries, readTile } from './read/read-tiles.ts'
export { type StoredEvent, toLogEvent } from './read/stored-event.ts'
export { type Insertion, insertion } from './sql/insertion.ts'
export type { Sql } from './sql/sql.ts'
export { type SqlValue, type Statement, statement } from './sql/statement.ts'
export {
  checkGivenKeys,
  type GivenKeysReport,
} from './verify/checkpoints/check-given-keys.ts'
export {
  checkKept,
  type KeptCheckpoint,
  openKeptCheckpoint,
  type Restoration,
} from './verify/checkpoints/kept-checkpoint.ts'
export { collectFindings, type Finding, type Findings } from './verify/finding.ts'
export { indexSql } from './verify/index-sql.ts'
export { isCanonical } from './verify/range/is-canonical.ts'
export type { ErasedGroup, Erasures, LogKeys, RawLog } from './verify/raw-log.ts'
export {
  type VerifyOptions,
  type VerifyReport,
  type VerifyWorkers,
  verifyLog,
} from './verify/verify-log.ts'
export { startVerifyWorkers } from './verify/verify-workers.ts'
