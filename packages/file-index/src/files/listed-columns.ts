import { type AliasedRawBuilder, sql as raw } from 'kysely'
import type { FileRow } from './files-tables.ts'

/** All but the extents: a page of files in a thousand parts each would be gigabytes of them. */
export const listedColumns = [
  'files.position',
  'files.id',
  'files.project',
  'files.seq',
  'files.version',
  'files.purpose',
  'files.bytes',
  'files.created_at',
  'files.expires_at',
  'files.expiry_policy',
  'files.retain_until',
  'files.holds',
  'files.kept_until',
  'files.effective_expires_at',
  'files.filename',
  'files.metadata',
  'files.classification',
  'files.compliance_regime',
  'files.sha256',
  'files.damaged',
  'files.ended_position',
  'files.ended_seq',
  'files.ended_at',
  'files.ended_reason',
] as const satisfies readonly `files.${Exclude<keyof FileRow, 'extents'>}`[]

/** In their place: none. */
export const noExtents: AliasedRawBuilder<string, 'extents'> = raw<string>`'[]'`.as(
  'extents',
)
