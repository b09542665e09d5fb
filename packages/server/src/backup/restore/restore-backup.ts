import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openDiskBlobStore } from '@custody/blob-store'
import { CustodyError, type OldLog, quote } from '@custody/domain'
import {
  type ExclusiveLock,
  openSqliteEventLog,
  openSqliteLogReader,
} from '@custody/event-log'
import { projections } from '@custody/file-index'
import {
  beginRestored,
  genesis,
  type Ids,
  type Logger,
  logModuleUrl,
} from '@custody/service'
import type { Config } from '../../config/load-config.ts'
import {
  type DataFolder,
  makePrivateFolder,
  syncFolder,
} from '../../data-folder/data-folder.ts'
import { erasureFile } from '../../data-folder/erasure-file.ts'
import { lockDataFolder } from '../../data-folder/lock-data-folder.ts'
import { signingFiles } from '../../data-folder/signing-files.ts'
import { VERSION } from '../../version.ts'
import { type FoundKeys, findKeys } from '../back-up-keys.ts'
import {
  type Backup,
  BESIDE,
  BLOBS,
  databasePath,
  lockBackup,
  openBackup,
  SNAPSHOTS,
} from '../backup-folder.ts'
import { AT_ONCE, type Content, contentOf, differs } from '../check-backup.ts'
import { checkLog } from '../check-log.ts'
import { asStorageError, copyFile, syncFile } from '../copy-file.ts'
import { inOrder } from '../in-order.ts'
import { refuseNested } from '../refuse-nested.ts'
import { joinErasures } from './join-erasures.ts'
import { missingKeys } from './missing-keys.ts'
import { readOldLog } from './old-log.ts'
import { markReady, putInPlace, readyRestore } from './put-in-place.ts'
import type { RestoreReport } from './restore-report.ts'

export type RestoreOptions = {
  /** Of the backup; absolute. */
  readonly folder: string
  /** Absolute: where the keys of the backup are. Undefined: what the secrets folder has is used. */
  readonly keysFolder: string | undefined
  /** A list of erasures that was kept elsewhere. */
  readonly erasures: string | undefined
  /** A checkpoint of the log that was kept elsewhere. */
  readonly checkpoint: string | undefined
  /** Damaged content is left out, and not the end of it all. */
  readonly skipDamaged: boolean
  readonly data: DataFolder
  readonly config: Pick<Config, 'secretsDir' | 'masterKey'>
  /** A relative path of the settings starts from here. */
  readonly cwd: string
  readonly ids: Ids
  readonly logger: Logger
  /** Unix milliseconds. */
  readonly now: number
  /** Milliseconds that never jump. */
  readonly monotonic: () => number
  readonly onProgress?: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * Restores a backup into a data folder that is new. Everything is put together and checked beside the place where it is to
 * be, and comes there in the end; what is cut short before is removed, by this run or the next, and what is cut short
 * after is finished by the next.
 *
 * @throws CustodyError `backup_unusable`, `backup_damaged`, `data_folder_in_use`, `data_folder_unusable`,
 * `insufficient_storage`, `master_key_missing`; the reason of the signal
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { folder, data, config } = options
  refuseNested({ 'the data folder': data.path, 'the folder of the backup': folder })
  const backup = openBackup(folder)
  const isNew = !existsSync(data.path)
  if (!readyRestore(data)) refuseUsed(data, config)
  let isInPlace = false
  let isOthers = false
  let lock: ExclusiveLock | undefined
  try {
    makePrivateFolder(data.path)
    lock = lockDataFolder(data)
    const report = await restore(options, backup)
    isInPlace = true
    return report
  } catch (error) {
    isOthers = error instanceof CustodyError && error.key === 'data_folder_in_use'
    throw asStorageError(error, data.path)
  } finally {
    lock?.release()
    if (!isInPlace && !isOthers && !existsSync(data.restoring)) {
      rmSync(data.lock, { force: true })
      rmSync(`${data.lock}-journal`, { force: true })
      if (isNew) removeIfEmpty(data.path)
    }
  }
}

async function restore(options: RestoreOptions, backup: Backup): Promise<RestoreReport> {
  const { data, config } = options
  const begun = readyRestore(data)
  if (begun) {
    if (begun.backup.id !== backup.facts.id) {
      throw new CustodyError(
        'data_folder_unusable',
        `A restore of another backup, of ${begun.backup.made}, was nearly done in ${quote(data.path)}: run it again, or remove the folder.`,
      )
    }
    putInPlace(data, config.secretsDir)
    return begun
  }
  rmSync(data.restoring, { recursive: true, force: true })
  const lock = lockBackup(options.folder, { isWritten: false })
  try {
    const report = await stage(options, backup)
    options.signal.throwIfAborted()
    markReady(data, report)
    putInPlace(data, config.secretsDir)
    return report
  } catch (error) {
    if (!readyRestore(data)) rmSync(data.restoring, { recursive: true, force: true })
    throw error
  } finally {
    lock?.release()
  }
}

/** @throws CustodyError `data_folder_unusable` */
function refuseUsed(data: DataFolder, { secretsDir }: Pick<Config, 'secretsDir'>): void {
  const harmless = new Set([
    basename(data.restoring),
    basename(data.lock),
    `${basename(data.lock)}-journal`,
    'lost+found',
    // Whoever keeps the secrets by themselves may have put them back already.
    ...(dirname(secretsDir) === data.path ? [basename(secretsDir)] : []),
  ])
  const names = existsSync(data.path) ? readdirSync(data.path) : []
  const used = names.find((name) => !harmless.has(name))
  if (used === undefined) return
  throw new CustodyError(
    'data_folder_unusable',
    `The data folder ${quote(data.path)} is in use or was: it has ${quote(used)}. A backup is restored into a folder that is new or empty; move that one away.`,
  )
}

/** Puts everything together in the folder of the restore. */
async function stage(options: RestoreOptions, backup: Backup): Promise<RestoreReport> {
  const { data, keysFolder, onProgress } = options
  const { facts } = backup
  const staging = data.restoring
  makePrivateFolder(staging)
  const keys = keysFolder === undefined ? undefined : await findKeys(keysFolder, facts.id)
  const old = readOldLog(options, backup)
  onProgress?.('copying the database')
  await stageSnapshot(options, backup)
  const missing = await missingKeys({ ...options, staging, keys })
  const content = await stageContent(options, backup)
  await joinErasures({
    kept: join(staging, basename(data.erasures)),
    given: options.erasures,
  })
  if (keys) await stageKeys(options, keys)
  const begun = await begin(options, backup, old)
  syncFolder(staging)
  return { backup: facts, ...content, old, missing, ...begun }
}

async function stageSnapshot(
  { data, signal }: RestoreOptions,
  backup: Backup,
): Promise<void> {
  const names = ['custody.db', ...BESIDE]
  for (const name of names) {
    const path = `${SNAPSHOTS}/${backup.facts.id}/${name}`
    const piece = backup.snapshot.find((one) => one.path === path)
    if (!piece) continue
    const problem = await copyPiece(backup, piece, join(data.restoring, name), signal)
    if (problem) throw damaged(backup, `${path} ${problem}`)
  }
  if (existsSync(join(data.restoring, 'custody.db'))) return
  throw damaged(backup, `it has no ${databasePath(backup.facts)}`)
}

async function checkSnapshot(options: RestoreOptions, backup: Backup): Promise<void> {
  const staging = options.data.restoring
  const problems = await checkLog({
    dataDir: staging,
    beside: staging,
    facts: backup.facts,
    now: options.now,
    signal: options.signal,
    ...(options.onProgress && { onProgress: options.onProgress }),
  })
  if (problems.length > 0) throw damaged(backup, problems.join('; '))
}

async function stageContent(
  options: RestoreOptions,
  backup: Backup,
): Promise<Pick<RestoreReport, 'blobs' | 'damaged' | 'lost'>> {
  const { data, onProgress, skipDamaged } = options
  const staging = data.restoring
  makePrivateFolder(join(staging, BLOBS))
  const reader = await openSqliteLogReader({
    path: join(staging, 'custody.db'),
    driver: 'node',
    projections,
  })
  const touched = new Set<string>()
  const left: string[] = []
  let count = 0
  let bytes = 0
  let lost = 0
  try {
    const copied = inOrder(
      contentOf(backup, reader),
      { atOnce: AT_ONCE },
      async (content) => ({ content, problem: await bring(content) }),
    )
    for await (const { content, problem } of copied) {
      if ('absent' in content.entry) {
        if (content.entry.why === 'lost') lost += 1
        continue
      }
      if (problem) {
        const what = `${content.entry.path} ${problem}`
        if (!skipDamaged) throw damaged(backup, what)
        left.push(what)
        continue
      }
      count += 1
      bytes += content.bytes
      onProgress?.(`${count} of ${backup.facts.blobs.count} pieces of content`)
    }
  } finally {
    await reader.close()
  }
  for (const folder of touched) syncFolder(folder)
  return { blobs: { count, bytes }, damaged: left, lost }

  async function bring({ entry, bytes: stored }: Content): Promise<string | undefined> {
    if ('absent' in entry) return undefined
    const target = join(staging, entry.path)
    const folder = dirname(target)
    if (!touched.has(folder)) makePrivateFolder(folder)
    touched.add(folder)
    return await copyPiece(backup, entry, target, options.signal, stored)
  }
}

/** Resolves to what is wrong with the piece, which is not there then. */
async function copyPiece(
  backup: Backup,
  { path, sha256 }: { readonly path: string; readonly sha256: string },
  target: string,
  signal: AbortSignal,
  bytes?: number,
): Promise<string | undefined> {
  const source = join(backup.folder, path)
  if (!existsSync(source)) return 'is missing'
  const copied = await copyFile(source, target, { signal })
  const problem =
    bytes !== undefined && copied.bytes !== bytes
      ? `has ${copied.bytes} bytes, and by the database ${bytes}`
      : differs(copied, sha256)
  if (problem) rmSync(target)
  return problem
}

/** @throws CustodyError `backup_unusable` where another key is in its place: nothing is overwritten */
async function stageKeys(
  { data, config: { secretsDir } }: RestoreOptions,
  keys: FoundKeys,
): Promise<void> {
  const folder = join(data.restoring, 'secrets')
  makePrivateFolder(folder)
  for (const name of keys.names) {
    const from = join(keys.folder, name)
    const there = join(secretsDir, name)
    if (existsSync(there) && !readFileSync(there).equals(readFileSync(from))) {
      throw new CustodyError(
        'backup_unusable',
        `${quote(there)} is another key than the one in ${quote(keys.folder)}, and is not overwritten: move it away, or leave out --keys.`,
      )
    }
    await copyFile(from, join(folder, name))
  }
  syncFolder(folder)
}

/** The database becomes one of today's form, is verified, and then that of a log of its own. */
async function begin(
  options: RestoreOptions,
  backup: Backup,
  old: OldLog,
): Promise<Pick<RestoreReport, 'verifierKey' | 'appended'>> {
  const { data, ids, logger, monotonic } = options
  const staging = data.restoring
  const database = join(staging, 'custody.db')
  const store = signingFiles({
    dataDir: staging,
    secretsDir: join(staging, 'secrets'),
  })
  const blobs = await openDiskBlobStore({ folder: staging, newId: ids.uuid })
  let lostLog: Error | undefined
  try {
    const log = await openSqliteEventLog({
      path: database,
      driver: 'node',
      module: logModuleUrl,
      projections,
      genesis: genesis(`custody ${VERSION}`, ids),
      onDefect: (defect) => logger.error(defect, 'a command ran into a defect'),
      onLost: (error) => {
        lostLog = error
      },
    })
    try {
      await checkSnapshot(options, backup)
      const erasures = erasureFile(join(staging, basename(data.erasures)))
      const environment = { log, blobs, ids, logger, store, erasureFile: erasures }
      return await beginRestored({ ...environment, monotonic }, old)
    } finally {
      await log.close()
      if (!lostLog) await syncFile(database)
    }
  } finally {
    await blobs.close()
  }
}

function damaged({ folder }: Backup, what: string): CustodyError {
  return new CustodyError(
    'backup_damaged',
    `The backup in ${quote(folder)} is damaged: ${what}. Nothing was restored.`,
  )
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Somebody put something there meanwhile.
  }
}
