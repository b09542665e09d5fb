import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { link, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain'
import {
  type ExclusiveLock,
  type LogReader,
  lastCheckpoint,
  openSqliteLogReader,
  snapshotSqlite,
} from '@custody/event-log'
import {
  findExtent,
  isGarbage,
  listExtents,
  listMasterKeys,
  projections,
} from '@custody/file-index'
import { readLogState, rootAtSize } from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { takeBackupLease } from '../data-folder/backup-lease.ts'
import {
  type DataFolder,
  makePrivateFolder,
  syncFolder,
} from '../data-folder/data-folder.ts'
import { masterKeyStore } from '../data-folder/master-keys.ts'
import { replaceFile } from '../data-folder/replace-file.ts'
import { CHECKPOINT_FILE, VERIFIER_KEYS_FILE } from '../data-folder/signing-files.ts'
import { VERSION } from '../version.ts'
import { type BackedUpKeys, backUpKeys } from './back-up-keys.ts'
import {
  type Backup,
  type BackupFacts,
  BLOBS,
  type BlobEntry,
  blobPath,
  databasePath,
  findBackup,
  lockBackup,
  OWN_NAMES,
  SNAPSHOTS,
} from './backup-folder.ts'
import { asStorageError, type Copied, copyFile, hashFile, syncFile } from './copy-file.ts'
import { inOrder } from './in-order.ts'
import {
  type Absent,
  type ManifestWriter,
  type Piece,
  writeManifest,
} from './manifest.ts'
import { refuseNested } from './refuse-nested.ts'

/** Files that are copied at once, of a buffer each. */
const AT_ONCE = 4

const PAGE = 1000

/** What lies beside the database in a data folder, and is copied as it is. */
const COPIED = ['erasures.log', VERIFIER_KEYS_FILE]

/** Ids of lost extents that a report names. */
const MAX_NAMED = 100

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
      const { count, bytes, ...rest } = content
      const software = `custody ${VERSION}`
      const facts: BackupFacts = { id, made, software, log, blobs: { count, bytes } }
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

/** Resolves to the path of the database. */
async function takeSnapshot(
  { data, folder }: BackupOptions,
  id: string,
): Promise<string> {
  const path = join(folder, databasePath({ id }))
  makePrivateFolder(join(folder, SNAPSHOTS, id))
  try {
    await snapshotSqlite(data.database, path)
  } catch (error) {
    rmSync(join(folder, SNAPSHOTS, id), { recursive: true, force: true })
    throw error
  }
  chmodSync(path, 0o600)
  await syncFile(path)
  return path
}

/** A rotation may have come between the snapshot and the keys. */
async function requireKeys(
  { config, cwd }: BackupOptions,
  { sql }: LogReader,
  { folder }: BackedUpKeys,
): Promise<void> {
  if (config.masterKey !== undefined) return
  const nothingIsMade = (): never => {
    throw new TypeError('A backup makes no master key')
  }
  const store = masterKeyStore(
    { masterKey: undefined, secretsDir: folder, cwd },
    nothingIsMade,
  )
  const found = new Set(store.load().map(({ fingerprint }) => fingerprint))
  for (const { id, fingerprint, state } of await listMasterKeys(sql)) {
    if (state === 'retired' || found.has(fingerprint)) continue
    throw new CustodyError(
      'master_key_missing',
      `The master key ${id} of the snapshot is not in ${quote(config.secretsDir)}: keys were rotated meanwhile, or it is lost. Run the backup again; the former one is as it was.`,
    )
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

type Content = BackupFacts['blobs'] & Pick<BackupReport, 'copied' | 'kept' | 'lost'>

type Sources = {
  /** Of the snapshot. */
  readonly reader: LogReader
  readonly former: Backup | undefined
  readonly manifest: ManifestWriter
}

/** Brings all content that the snapshot names into the backup, and writes it down. */
async function copyBlobs(options: BackupOptions, sources: Sources): Promise<Content> {
  const { folder, onProgress } = options
  const { manifest } = sources
  const touched = new Set<string>()
  const lost: string[] = []
  const all = { count: 0, bytes: 0 }
  const copied = { count: 0, bytes: 0 }
  let kept = 0
  let lostCount = 0
  const brought = inOrder(wantedBlobs(sources), { atOnce: AT_ONCE }, (blob) => {
    const fanOut = join(folder, BLOBS, blob.extent.slice(-2))
    if (!touched.has(fanOut)) makePrivateFolder(fanOut)
    touched.add(fanOut)
    return bring(options, blob)
  })
  for await (const { entry, bytes, how } of brought) {
    manifest.add(entry)
    if ('absent' in entry) {
      if (how === 'lost') {
        lostCount += 1
        if (lost.length < MAX_NAMED) lost.push(entry.absent)
      }
      continue
    }
    all.count += 1
    all.bytes += bytes
    if (how === 'kept') kept += 1
    else {
      copied.count += 1
      copied.bytes += bytes
    }
    onProgress?.(`${all.count} pieces of content, ${copied.count} copied`)
  }
  for (const fanOut of touched) syncFolder(fanOut)
  return { ...all, copied, kept, lost: { count: lostCount, extents: lost } }
}

type WantedBlob = {
  readonly extent: string
  /** As stored. */
  readonly bytes: number
  /** What the former backup says of it. */
  readonly sha256: string | undefined
  /** It waits to be destroyed. */
  readonly isGarbage: boolean
}

async function* wantedBlobs({ reader, former }: Sources): AsyncGenerator<WantedBlob> {
  const { sql } = reader
  const known = hashesInOrder(former?.blobs() ?? [])
  for (let after = ''; ; ) {
    const page = await listExtents(sql, { place: 'disk', after, limit: PAGE })
    for (const { id: extent, stored_bytes: bytes } of page) {
      const sha256 = known(extent)
      yield { extent, bytes, sha256, isGarbage: await isGarbage(sql, extent) }
    }
    after = page.at(-1)?.id ?? after
    if (page.length < PAGE) return
  }
}

/** Asked for ids in their order, which the entries have too. */
function hashesInOrder(
  entries: Iterable<BlobEntry>,
): (extent: string) => string | undefined {
  const iterator = entries[Symbol.iterator]()
  let next = iterator.next()
  return (extent) => {
    for (; !next.done; next = iterator.next()) {
      const entry = next.value
      const id = 'absent' in entry ? entry.absent : entry.extent
      if (id > extent) return undefined
      if (id === extent) return 'absent' in entry ? undefined : entry.sha256
    }
    return undefined
  }
}

type Brought = {
  readonly entry: Piece | Absent
  readonly bytes: number
  readonly how: 'kept' | 'copied' | 'destroyed' | 'lost'
}

async function bring(
  { data, folder, link: asLink }: BackupOptions,
  { extent, bytes, sha256, isGarbage: isOver }: WantedBlob,
): Promise<Brought> {
  const absent = (how: 'destroyed' | 'lost') =>
    ({ entry: { absent: extent, why: how }, bytes, how }) as const
  if (isOver) return absent('destroyed')
  const path = blobPath(extent)
  const target = join(folder, path)
  if ((await sizeOf(target)) === bytes) {
    // Under this name it is whole: it was synced before. Who copied it may not have come to write its hash down.
    const known = sha256 ?? (await hashFile(target)).sha256
    return { entry: { path, sha256: known }, bytes, how: 'kept' }
  }
  const source = join(data.path, path)
  const isThere = (await sizeOf(source)) === bytes
  const copied = isThere && (await copyBlob(source, target, asLink))
  if (!copied) return absent((await isDestroyed(data, extent)) ? 'destroyed' : 'lost')
  return { entry: { path, sha256: copied.sha256 }, bytes, how: 'copied' }
}

/** Undefined where an erasure, which waits for nobody, was quicker. */
async function copyBlob(
  source: string,
  target: string,
  asLink: boolean,
): Promise<Copied | undefined> {
  try {
    if (!asLink) return await copyFile(source, target)
    const part = `${target}.part`
    await rm(part, { force: true })
    await link(source, part)
    await rename(part, target)
    return await hashFile(target)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    const cannotLink = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP'].some((code) =>
      hasCode(error, code),
    )
    if (asLink && cannotLink) return await copyBlob(source, target, false)
    throw error
  }
}

/** Whether the content went because its file was erased, after the snapshot. */
async function isDestroyed(data: DataFolder, extent: string): Promise<boolean> {
  const path = data.database
  const reader = await openSqliteLogReader({ path, driver: 'node', projections })
  try {
    const { sql } = reader
    return !(await findExtent(sql, extent)) || (await isGarbage(sql, extent))
  } finally {
    await reader.close()
  }
}

async function copyBeside(
  { data, folder }: BackupOptions,
  id: string,
  { sql }: LogReader,
): Promise<Piece[]> {
  const pieces: Piece[] = []
  // That of the data folder may cover events that came after the snapshot.
  const note = (await lastCheckpoint(sql))?.note
  if (note !== undefined) {
    const path = `${SNAPSHOTS}/${id}/${CHECKPOINT_FILE}`
    replaceFile(join(folder, path), note, 0o600)
    pieces.push({ path, sha256: (await hashFile(join(folder, path))).sha256 })
  }
  for (const name of COPIED) {
    const source = join(data.path, name)
    const bytes = await sizeOf(source)
    if (bytes === undefined) continue
    const path = `${SNAPSHOTS}/${id}/${name}`
    const { sha256 } = await copyFile(source, join(folder, path), { bytes })
    pieces.push({ path, sha256 })
  }
  syncFolder(join(folder, SNAPSHOTS, id))
  return pieces
}

/** What the backup that was there before had, and this one has not: so it ends here, too. */
async function removeUseless(
  folder: string,
  id: string,
  { sql }: LogReader,
): Promise<number> {
  for (const name of readdirSync(join(folder, SNAPSHOTS))) {
    if (name !== id) rmSync(join(folder, SNAPSHOTS, name), { recursive: true })
  }
  let removed = 0
  for (const fanOut of readdirSync(join(folder, BLOBS), { withFileTypes: true })) {
    if (!fanOut.isDirectory()) continue
    const path = join(folder, BLOBS, fanOut.name)
    let isTouched = false
    for (const name of readdirSync(path)) {
      const row = await findExtent(sql, name)
      if (row?.place === 'disk' && !(await isGarbage(sql, name))) continue
      await rm(join(path, name), { recursive: true })
      isTouched = true
      if (!name.endsWith('.part')) removed += 1
    }
    if (isTouched) syncFolder(path)
  }
  return removed
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
