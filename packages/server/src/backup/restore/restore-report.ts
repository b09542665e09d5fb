import type { OldLog } from '@custody/domain'
import type { BackupFacts } from '../backup-folder.ts'
import type { MissingKeys } from './missing-keys.ts'

/** What was restored: JSON, which is kept while it is put in place. */
export type RestoreReport = {
  readonly backup: BackupFacts
  /** Content that is in place, as stored. */
  readonly blobs: { readonly count: number; readonly bytes: number }
  /** Paths of pieces that were left out since they are damaged. */
  readonly damaged: readonly string[]
  /** Content that was lost before the backup was made. */
  readonly lost: number
  /** Verifier key of the epoch that begins. */
  readonly verifierKey: string
  /** The furthest that is known of the log as it was. */
  readonly old: OldLog
  /** Events that the restore appended. */
  readonly appended: number
  readonly missing: MissingKeys
}
