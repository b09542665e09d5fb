/** Tables of the projection `uploads`, by logical name. */
export type UploadsTables = {
  uploads: UploadRow
  upload_parts: UploadPartRow
  upload_deadlines: UploadDeadlineRow
  upload_usage: UploadUsageRow
  upload_garbage: UploadGarbageRow
}

/** One upload in parts, ended ones included. Times are microseconds since the Unix epoch, expiries Unix seconds. */
export type UploadRow = {
  /** Of its `UploadCreated`. */
  position: number
  id: string
  project: string
  version: number
  purpose: string
  bytes: number
  created_at: number
  expires_at: number
  file_expires_after: number | null
  classification: string | null
  compliance_regime: string | null
  /** JSON, as are metadata and text_options. */
  options: string | null
  filename: string | null
  metadata: string | null
  text_options: string | null
  declared_type: string | null
  part_count: number
  part_bytes: number
  ended_position: number | null
  ended_at: number | null
  ended_status: string | null
  file: string | null
  /** JSON: ids, in the order of the file. */
  file_parts: string | null
  md5: string | null
}

export type UploadPartRow = {
  upload: string
  /** Of its `UploadPartAdded`. */
  position: number
  /** Of the part, and of its extent. */
  id: string
  bytes: number
  created_at: number
  sha256: string | null
}

/** When a pending upload ends by itself: Unix seconds. */
export type UploadDeadlineRow = { due_at: number; upload: string }

/** Bytes in the parts of a project's pending uploads. */
export type UploadUsageRow = { project: string; bytes: number }

/** The extent of a part that no file has, whose upload has ended and whose bytes are still there. */
export type UploadGarbageRow = { extent: string; upload: string }
