import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain'
import { type ExclusiveLock, takeExclusiveLock } from '@custody/event-log'
import {
  type Absent,
  MANIFEST,
  type Manifest,
  type Piece,
  readManifest,
} from './manifest.ts'

/** Where things lie in the folder of a backup. Paths of pieces are relative to it. */
export const BLOBS = 'blobs'
export const SNAPSHOTS = 'snapshots'
const LOCK = 'backup.lock'

/** Names in the folder that a backup may have. */
export const OWN_NAMES: ReadonlySet<string> = new Set([
  BLOBS,
  SNAPSHOTS,
  LOCK,
  `${LOCK}-journal`,
  MANIFEST,
  `${MANIFEST}.draft`,
])

/** What lies beside the database in a snapshot, where the data folder has it. */
export const BESIDE = ['erasures.log', 'log.vkey', 'log.checkpoint'] as const

/** What a backup says of itself: JSON in its manifest. */
export type BackupFacts = {
  /** UUIDv7, and the name of its folder among the snapshots. */
  readonly id: string
  /** RFC 3339, UTC: when the snapshot of the database was taken. */
  readonly made: string
  readonly software: string
  /** The log as the snapshot has it: `root` in base64. */
  readonly log: {
    readonly id: string
    readonly epoch: number
    readonly size: number
    readonly root: string
  }
  /** Pieces of content, and their bytes as they are stored. */
  readonly blobs: { readonly count: number; readonly bytes: number }
}

export type Backup = {
  readonly folder: string
  readonly facts: BackupFacts
  /** Database and what lies beside it. */
  readonly snapshot: readonly Piece[]
  /** Content, in the order of the ids of the extents. */
  blobs(): Iterable<BlobEntry>
}

export type BlobEntry = (Piece & { readonly extent: string }) | Absent

/** Relative path of the piece that an extent is. */
export function blobPath(extent: string): string {
  return `${BLOBS}/${extent.slice(-2)}/${extent}`
}

const blob =
  /^blobs\/([0-9a-f]{2})\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{10}\1)$/
const snapshot =
  /^snapshots\/([0-9a-f-]{36})\/(custody\.db|erasures\.log|log\.vkey|log\.checkpoint)$/

/**
 * Opens a whole backup for reading.
 *
 * @returns undefined where there is none, or none that is whole
 * @throws CustodyError `backup_damaged`, `backup_unusable`
 */
export function findBackup(folder: string): Backup | undefined {
  const manifest = readManifest(folder, 'custody-backup 1')
  if (!manifest) return undefined
  const facts = checkFacts(folder, manifest.facts)
  const pieces: Piece[] = []
  for (const entry of manifest.entries()) {
    if (!('path' in entry) || blob.test(entry.path)) continue
    if (snapshot.exec(entry.path)?.[1] !== facts.id) throw foreign(folder, entry.path)
    pieces.push(entry)
  }
  return { folder, facts, snapshot: pieces, blobs: () => blobsOf(manifest) }
}

/** @throws CustodyError `backup_unusable` where there is no whole one; and as {@link findBackup} */
export function openBackup(folder: string): Backup {
  const backup = findBackup(folder)
  if (backup) return backup
  throw new CustodyError(
    'backup_unusable',
    `${quote(folder)} holds no whole backup: it has no ${MANIFEST}, which is written last. A backup that was cut short is finished by \`custody backup\`.`,
  )
}

function* blobsOf(manifest: Manifest): Generator<BlobEntry> {
  for (const entry of manifest.entries()) {
    if ('absent' in entry) yield entry
    else {
      const extent = blob.exec(entry.path)?.[2]
      if (extent !== undefined) yield { ...entry, extent }
    }
  }
}

/** Path of the snapshot's database, relative to the backup. */
export function databasePath({ id }: Pick<BackupFacts, 'id'>): string {
  return `${SNAPSHOTS}/${id}/custody.db`
}

function checkFacts(folder: string, found: unknown): BackupFacts {
  const facts = Object(found) as Partial<BackupFacts>
  const { size, root, epoch, id } = Object(facts.log)
  const isOurs =
    typeof facts.id === 'string' &&
    typeof facts.made === 'string' &&
    typeof id === 'string' &&
    typeof root === 'string' &&
    Number.isSafeInteger(epoch) &&
    Number.isSafeInteger(size)
  if (isOurs) return facts as BackupFacts
  throw new CustodyError(
    'backup_damaged',
    `The manifest of ${quote(folder)} does not say which log it is of.`,
  )
}

function foreign(folder: string, path: string): CustodyError {
  return new CustodyError(
    'backup_damaged',
    `The manifest of ${quote(folder)} names ${quote(path)}, which is no piece of it.`,
  )
}

/**
 * Takes the folder for one that writes to it, or reads what must not change meanwhile. A medium that cannot be written
 * needs no lock: undefined then.
 *
 * @throws CustodyError `backup_unusable` where another process has it
 */
export function lockBackup(
  folder: string,
  { isWritten }: { readonly isWritten: boolean },
): ExclusiveLock | undefined {
  let lock: ExclusiveLock | undefined
  try {
    lock = takeExclusiveLock(join(folder, LOCK))
  } catch (error) {
    if (isWritten) throw error
    return undefined
  }
  if (lock) return lock
  throw new CustodyError(
    'backup_unusable',
    `${quote(folder)} is in use: a backup is being written to it, or read from it.`,
  )
}
