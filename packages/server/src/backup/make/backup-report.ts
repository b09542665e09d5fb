import type { BackupFacts } from '../backup-folder.ts'

/** What a backup did. */
export type BackupReport = BackupFacts & {
  /** Content that was copied, as stored. */
  readonly copied: { readonly count: number; readonly bytes: number }
  /** Content that was there already. */
  readonly kept: number
  /** Content that is of no use any more, and was removed from the backup. */
  readonly removed: number
  /** Content that files have and the data folder has not: it is not in the backup. */
  readonly lost: { readonly count: number; readonly extents: readonly string[] }
  /** Names of the files with keys; undefined: keys were not backed up. */
  readonly keys?: readonly string[]
}
