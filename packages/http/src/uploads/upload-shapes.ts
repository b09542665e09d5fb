import type { PartView, UploadView } from '@custody/service'
import type { Dialect } from '../dialects/dialect.ts'

/** @see https://platform.openai.com/docs/api-reference/uploads/object */
export function uploadObject(upload: UploadView, dialect: Dialect): object {
  return {
    id: dialect.presentPrefixedId('upload_', upload.id),
    object: 'upload',
    bytes: upload.bytes,
    created_at: upload.createdAt,
    filename: upload.filename,
    purpose: upload.purpose,
    status: upload.status,
    expires_at: upload.expiresAt,
    file: upload.file && dialect.presentUpload(upload.file),
  }
}

/** @see https://platform.openai.com/docs/api-reference/uploads/part-object */
export function partObject(part: PartView, dialect: Dialect): object {
  return {
    id: dialect.presentPrefixedId('part_', part.id),
    object: 'upload.part',
    created_at: part.createdAt,
    upload_id: dialect.presentPrefixedId('upload_', part.upload),
  }
}

/** With what a client needs to know which parts it need not send again. */
export function uploadWithParts(
  upload: UploadView,
  parts: readonly PartView[],
  dialect: Dialect,
): object {
  return {
    ...uploadObject(upload, dialect),
    parts: parts.map((part) => ({
      ...partObject(part, dialect),
      bytes: part.bytes,
      sha256: part.sha256,
    })),
  }
}
