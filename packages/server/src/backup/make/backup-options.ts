import type { Config } from '../../config/load-config.ts'
import type { DataFolder } from '../../data-folder/data-folder.ts'

/** What is backed up, and where to. */
export type BackupOptions = {
  readonly data: DataFolder
  /** Absolute; made where it is not there. */
  readonly folder: string
  /** Absolute: where the keys go. Undefined: they are not backed up. */
  readonly keysFolder: string | undefined
  readonly config: Pick<Config, 'secretsDir' | 'masterKey'>
  /** A relative path of the settings starts from here. */
  readonly cwd: string
  /** Hard links in place of copies, where the file system can: no second copy, then. */
  readonly link: boolean
  /** Unique, and later ones sort after earlier ones. */
  readonly newId: () => string
  readonly now: () => Date
  /** Has the log sign a checkpoint; does nothing where no server runs. */
  readonly askCheckpoint: () => Promise<void>
  readonly onProgress?: (text: string) => void
}
