import type { Upload, UploadEnd, UploadPart } from '@custody/domain'
import { canonicalJson } from '@custody/transparency'
import type { UploadPartRow, UploadRow } from './uploads-tables.ts'

/** JSON columns are canonical: a replay, which reads canonical records, writes the same text. */
export function toUploadRow(state: Upload): UploadRow {
  const { ended } = state
  const completed = ended?.status === 'completed' ? ended : undefined
  return {
    position: state.position,
    id: state.id,
    project: state.project,
    version: state.version,
    purpose: state.purpose,
    bytes: state.bytes,
    created_at: state.createdAt,
    expires_at: state.expiresAt,
    file_expires_after: state.fileExpiresAfter,
    classification: state.classification,
    compliance_regime: state.complianceRegime,
    options: state.options && canonicalJson(state.options),
    filename: state.filename,
    metadata: state.metadata && canonicalJson(state.metadata),
    text_options: state.textOptions && canonicalJson(state.textOptions),
    declared_type: state.declaredType,
    part_count: state.partCount,
    part_bytes: state.partBytes,
    ended_position: ended?.position ?? null,
    ended_at: ended?.at ?? null,
    ended_status: ended?.status ?? null,
    file: completed?.file ?? null,
    file_parts: completed ? canonicalJson(completed.parts) : null,
    md5: completed?.md5 ?? null,
  }
}

export function toUpload(row: UploadRow): Upload {
  return {
    id: row.id,
    project: row.project,
    position: row.position,
    version: row.version,
    purpose: row.purpose,
    bytes: row.bytes,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    fileExpiresAfter: row.file_expires_after,
    classification: row.classification,
    complianceRegime: row.compliance_regime,
    options: row.options === null ? null : JSON.parse(row.options),
    filename: row.filename,
    metadata: row.metadata === null ? null : JSON.parse(row.metadata),
    textOptions: row.text_options === null ? null : JSON.parse(row.text_options),
    declaredType: row.declared_type,
    partCount: row.part_count,
    partBytes: row.part_bytes,
    ended: toEnd(row),
  }
}

function toEnd(row: UploadRow): UploadEnd | null {
  const { ended_position: position, ended_at: at, ended_status: status, md5 } = row
  if (position === null || at === null || status === null) return null
  if (row.file === null || row.file_parts === null)
    return { status: status as 'cancelled' | 'expired', position, at }
  const parts = JSON.parse(row.file_parts)
  return { status: 'completed', position, at, file: row.file, parts, md5 }
}

export function toUploadPart(row: UploadPartRow): UploadPart {
  return {
    id: row.id,
    upload: row.upload,
    position: row.position,
    bytes: row.bytes,
    createdAt: row.created_at,
    sha256: row.sha256,
  }
}
