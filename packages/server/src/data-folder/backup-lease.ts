import { setTimeout as delay } from 'node:timers/promises'
import { CustodyError, quote } from '@custody/domain/errors'
import { type ExclusiveLock, takeExclusiveLock } from '@custody/event-log/lock'
import { type DataFolder, makePrivateFolder } from './data-folder.ts'

/** A run of the garbage collector has it for milliseconds at a time. */
const EVERY_MS = 50
const PATIENCE_MS = 30_000

/**
 * What a backup has while it copies, and the garbage collector while it destroys: never both. The kernel
 * lets go of it when its process dies, so none is left behind.
 *
 * @throws CustodyError `data_folder_in_use`
 */
export async function takeBackupLease(
  folder: DataFolder,
  { patienceMs = PATIENCE_MS }: { readonly patienceMs?: number } = {},
): Promise<ExclusiveLock> {
  makePrivateFolder(folder.run)
  const end = performance.now() + patienceMs
  for (;;) {
    const lease = takeExclusiveLock(folder.backupLease)
    if (lease) return lease
    if (performance.now() > end) {
      throw new CustodyError(
        'data_folder_in_use',
        `Another backup of the data folder ${quote(folder.path)} is under way.`,
      )
    }
    await delay(EVERY_MS)
  }
}
