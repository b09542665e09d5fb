import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain'
import {
  type ExclusiveLock,
  type LogReader,
  openSqliteLogReader,
} from '@custody/event-log'
import { projections } from '@custody/file-index'
import { readLogState, rootAtSize } from '@custody/service'
import { takeBackupLease } from '../../data-folder/backup-lease.ts'
import { makePrivateFolder } from '../../data-folder/data-folder.ts'
import { VERSION } from '../../version.ts'
import { backUpKeys } from '../back-up-keys.ts'
import {
  type Backup,
  type BackupFacts,
  BLOBS,
  databasePath,
  findBackup,
  lockBackup,
  OWN_NAMES,
  SNAPSHOTS,
} from '../backup-folder.ts'
import { asStorageError, hashFile } from '../copy-file.ts'
import { writeManifest } from '../manifest.ts'
import { refuseNested } from '../refuse-nested.ts'
import type { BackupOptions } from './backup-options.ts'
import type { BackupReport } from './backup-report.ts'
import { copyBlobs } from './copy-blobs.ts'
import { removeUseless } from './remove-useless.ts'
import { requireKeys } from './require-keys.ts'
import { copyBeside, takeSnapshot } from './take-snapshot.ts'

/**
 * Backs a data folder up, beside a server or without one. What the folder of the backup held before stays a whole backup
 * until the new one is; from then on only the new one is there. What was copied before, by a run that was cut short
 * too, is not copied again.
 *
 * @throws CustodyError `data_folder_in_use`, `data_folder_unusable`, `backup_unusable`, `insufficient_storage`
 */
export async function makeBackup(options: BackupOptions): Promise<BackupReport> {
  const { data, folder, keysFolder } = options
  refuseNested({ 'the data folder': data.path, 'the folder of the backup': folder })
  if (keysFolder !== undefined) {
    refuseNested({ 'the folder of the keys': keysFolder, 'that of the backup': folder })
    refuseNested({ 'the folder of the keys': keysFolder, 'the data folder': data.path })
  }
  if (!existsSync(data.database)) {
    throw new CustodyError(
      'data_folder_unusable',
      `There is no database at ${quote(data.database)}.`,
    )
  }
  refuseForeign(folder)
  let lock: ExclusiveLock | undefined
  try {
    makeFolders(folder)
    lock = lockBackup(folder, { isWritten: true })
    const lease = await takeBackupLease(data)
    try {
      return await backUp(options)
    } finally {
      lease.release()
    }
  } catch (error) {
    throw asStorageError(error, folder)
  } finally {
    lock?.release()
  }
}

async function backUp(options: BackupOptions): Promise<BackupReport> {
  const { folder, newId, keysFolder, onProgress } = options
  const former = formerBackup(folder)
  await options.askCheckpoint()
  const id = newId()
  onProgress?.('copying the database')
  const made = options.now().toISOString()
  const database = await takeSnapshot(options, id)
  const reader = await openSqliteLogReader({
    path: database,
    driver: 'node',
    projections,
  })
  let isWhole = false
  try {
    const log = await readState(reader)
    if (former) await refuseOtherPast(former, reader, log.id, folder)
    const manifest = writeManifest(folder, 'custody-backup 1')
    try {
      const content = await copyBlobs(options, { reader, former, manifest })
      // After the content, so that no erasure is missing of which something was copied.
      const path = databasePath({ id })
      for (const piece of await copyBeside(options, id, reader)) manifest.add(piece)
      manifest.add({ path, sha256: (await hashFile(database)).sha256 })
      const keys =
        keysFolder === undefined
          ? undefined
          : await backUpKeys({ secretsDir: options.config.secretsDir, keysFolder, id })
      if (keys) await requireKeys(options, reader, keys)
      const { blobs, ...rest } = content
      const facts: BackupFacts = { id, made, software: `custody ${VERSION}`, log, blobs }
      manifest.finish(facts)
      isWhole = true
      keys?.removeFormer()
      const removed = await removeUseless(folder, id, reader)
      return { ...facts, ...rest, removed, ...(keys && { keys: keys.names }) }
    } catch (error) {
      manifest.abandon()
      throw error
    }
  } finally {
    await reader.close()
    // The content that was copied stays for the next run; a database of another moment is of no use to it.
    if (!isWhole) rmSync(join(folder, SNAPSHOTS, id), { recursive: true, force: true })
  }
}

/** A folder that has anything else is somebody's own. */
function refuseForeign(folder: string): void {
  const names = existsSync(folder) ? readdirSync(folder) : []
  const foreign = names.find((name) => !OWN_NAMES.has(name) && name !== 'lost+found')
  if (foreign === undefined) return
  throw new CustodyError(
    'backup_unusable',
    `${quote(folder)} is no folder of a backup: it has ${quote(foreign)}. Take one that is empty, or not there.`,
  )
}

function makeFolders(folder: string): void {
  if (!existsSync(folder)) makePrivateFolder(folder)
  makePrivateFolder(join(folder, BLOBS))
  makePrivateFolder(join(folder, SNAPSHOTS))
}

/** A manifest that is damaged does not stand in the way of the next one: everything is read, or copied, anew. */
function formerBackup(folder: string): Backup | undefined {
  try {
    return findBackup(folder)
  } catch (error) {
    if (error instanceof CustodyError && error.key === 'backup_damaged') return undefined
    throw error
  }
}

async function readState(reader: LogReader): Promise<BackupFacts['log']> {
  const { logId, epoch, size, root } = await readLogState(reader)
  return { id: logId, epoch, size, root }
}

/** A log that lacks what the backup has must not take its place. */
async function refuseOtherPast(
  { facts }: Backup,
  reader: LogReader,
  logId: string,
  folder: string,
): Promise<void> {
  const { id, size, root } = facts.log
  const refuse = (how: string) =>
    new CustodyError(
      'backup_unusable',
      `${quote(folder)} holds a backup ${how}, which this one would remove. Back up to another folder.`,
    )
  if (id !== logId) throw refuse(`of another log, ${id}`)
  if ((await rootAtSize(reader, size)) === root) return
  throw refuse(`of ${facts.made} with events that the log has not, or not any more`)
}
