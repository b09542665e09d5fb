import {
  type ExpiryPolicy,
  effectiveExpiresAt,
  type FileEnd,
  type FileState,
  keptUntil,
} from '@custody/domain'
import { canonicalJson } from '@custody/transparency'
import type { FileRow } from './files-tables.ts'

/** JSON columns are canonical: a replay, which reads canonical records, writes the same text. */
export function toFileRow(state: FileState): FileRow {
  return {
    position: state.position,
    id: state.id,
    project: state.project,
    seq: state.seq,
    version: state.version,
    purpose: state.purpose,
    bytes: state.bytes,
    created_at: state.createdAt,
    expires_at: state.expiresAt,
    expiry_policy: state.expiryPolicy,
    retain_until: state.retainUntil,
    holds: state.holds.length === 0 ? null : canonicalJson(state.holds),
    kept_until: keptUntil(state) ?? Number.MAX_SAFE_INTEGER,
    effective_expires_at: effectiveExpiresAt(state),
    filename: state.filename,
    metadata: state.metadata && canonicalJson(state.metadata),
    classification: state.classification,
    compliance_regime: state.complianceRegime,
    sha256: state.sha256,
    extents: canonicalJson(state.extents),
    damaged: state.damaged.length === 0 ? null : canonicalJson(state.damaged),
    ended_position: state.ended?.position ?? null,
    ended_seq: state.ended?.seq ?? null,
    ended_at: state.ended?.at ?? null,
    ended_reason: state.ended?.reason ?? null,
  }
}

export function toFileState(row: FileRow): FileState {
  return {
    id: row.id,
    project: row.project,
    position: row.position,
    seq: row.seq,
    version: row.version,
    purpose: row.purpose,
    bytes: row.bytes,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    expiryPolicy: row.expiry_policy as ExpiryPolicy | null,
    retainUntil: row.retain_until,
    holds: row.holds === null ? [] : JSON.parse(row.holds),
    filename: row.filename,
    metadata: row.metadata === null ? null : JSON.parse(row.metadata),
    classification: row.classification,
    complianceRegime: row.compliance_regime,
    sha256: row.sha256,
    extents: JSON.parse(row.extents),
    damaged: row.damaged === null ? [] : JSON.parse(row.damaged),
    ended: toEnd(row),
  }
}

function toEnd(row: FileRow): FileEnd | null {
  const {
    ended_position: position,
    ended_seq: seq,
    ended_at: at,
    ended_reason: reason,
  } = row
  if (position === null || seq === null || at === null) return null
  return { position, seq, at, reason: reason as FileEnd['reason'] }
}
