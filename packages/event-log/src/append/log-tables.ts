/** The log's own tables, as Kysely sees them. */
export type LogTables = {
  events: EventRow
  event_private: PrivateRow
  log_lock: { id: number }
  log_batches: BatchRow
  tiles: TileRow
  checkpoints: ChainedCheckpointRow
  idempotency: IdempotencyRow
  consumers: ConsumerRow
}

export type EventRow = {
  position: number
  project: string
  seq: number
  stream: string
  version: number
  event_id: string
  type: string
  schema: number
  time: string
  actor: string
  request: string
  record: string
  leaf_hash: Uint8Array
}

export type PrivateRow = {
  position: number
  grp: string
  salt: Uint8Array
  body: string
}

export type BatchRow = {
  /** Of the last event of the batch. */
  position: number
  frontier: Uint8Array
  time: string
  writer_epoch: number
  /** JSON: projection name → generation that is live from here on. */
  projections: string
  /** SHA-256 over the row before and this one. */
  chain: Uint8Array
}

export type TileRow = { level: number; idx: number; hashes: Uint8Array }

/** A checkpoint that was signed. */
export type CheckpointRow = {
  /** Of its origin, from 1. */
  epoch: number
  /** Events in the log. */
  size: number
  root: Uint8Array
  /** The signed note. */
  note: string
}

export type ChainedCheckpointRow = CheckpointRow & {
  /** SHA-256 over the row before and this one. */
  chain: Uint8Array
}

export type IdempotencyRow = {
  key: string
  fingerprint: string
  /** JSON of the events that the first request led to. */
  result: string
  expires_at: string
  /** Of the first of them; 0: there are none. */
  position: number
}

export type ConsumerRow = {
  name: string
  /** Last position that was handled. */
  position: number
  status: 'running' | 'stopped'
  attempts: number
  /** RFC 3339; empty: at once. */
  next_attempt_at: string
  /** Of the last failure; empty: none. */
  error: string
}
