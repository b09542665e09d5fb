import { statSync } from 'node:fs'
import { CustodyError, quote } from '@custody/domain/errors'
import type { Config } from '../config/load-config.ts'
import { layout, unfinishedWork } from './data-folder.ts'

/** So that a command does not begin a new deployment where it is to look after one. @throws CustodyError `data_folder_unusable` */
export function requireDatabase({ dataDir }: Pick<Config, 'dataDir'>): void {
  const folder = layout(dataDir)
  const { database } = folder
  if ((statSync(database, { throwIfNoEntry: false })?.size ?? 0) > 0) return
  const unfinished = unfinishedWork(folder)
  if (unfinished) {
    const { problem, action } = unfinished
    throw new CustodyError('data_folder_unusable', `${problem}: ${action}.`)
  }
  throw new CustodyError(
    'data_folder_unusable',
    `There is no database at ${quote(database)}. CUSTODY_DATA_DIR names the data folder; where this is the right one, ` +
      'its disk may not be mounted, or the database is lost and has to be restored from a backup.',
  )
}
