import { type FileState, toSeconds } from '@custody/domain'
import type { FileView } from './files.ts'

export function toFileView(state: FileState): FileView {
  return {
    id: state.id,
    purpose: state.purpose,
    bytes: state.bytes,
    createdAt: toSeconds(state.createdAt),
    expiresAt: state.expiresAt,
    filename: state.filename,
    metadata: state.metadata,
    classification: state.classification,
    complianceRegime: state.complianceRegime,
    status: state.damaged.length === 0 ? 'processed' : 'error',
    sha256: state.sha256,
  }
}
