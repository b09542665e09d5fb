/** Tables of the projection `files`, by logical name. */
export type FilesTables = {
  files: FileRow
  usage: UsageRow
  deadlines: DeadlineRow
  garbage: GarbageRow
}

/** One file, ended ones included. Times are microseconds since the Unix epoch, expiries Unix seconds. */
export type FileRow = {
  /** Of its `FileUploaded`. */
  position: number
  id: string
  project: string
  seq: number
  version: number
  purpose: string
  bytes: number
  created_at: number
  expires_at: number | null
  expiry_policy: string | null
  retain_until: number | null
  /** JSON: {id, name, note, at, retainUntil}[]; null: none. */
  holds: string | null
  /** Until when retention and holds keep it; 0: they do not; 2^53 - 1: until holds are released. */
  kept_until: number
  /** When it ends by itself; null while nothing ends it. */
  effective_expires_at: number | null
  filename: string | null
  /** JSON. */
  metadata: string | null
  classification: string | null
  compliance_regime: string | null
  sha256: string | null
  /** JSON: {id, bytes, sha256}[] */
  extents: string
  /** JSON: ids of damaged extents; null: none. */
  damaged: string | null
  ended_position: number | null
  ended_seq: number | null
  ended_at: number | null
  ended_reason: string | null
}

/** Live files of one purpose of one project. */
export type UsageRow = { project: string; purpose: string; files: number; bytes: number }

/** When a live file ends by itself: Unix seconds. */
export type DeadlineRow = { due_at: number; file: string }

/** An extent whose file has ended and whose bytes are still there. */
export type GarbageRow = { extent: string; file: string }
