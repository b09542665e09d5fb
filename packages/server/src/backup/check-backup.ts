import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain'
import { type LogReader, openSqliteLogReader } from '@custody/event-log'
import { isGarbage, projections, storedExtents } from '@custody/file-index'
import {
  type Backup,
  type BackupFacts,
  type BlobEntry,
  databasePath,
  lockBackup,
  openBackup,
  SNAPSHOTS,
} from './backup-folder.ts'
import { checkLog } from './check-log.ts'
import { type Copied, hashFile } from './copy-file.ts'
import { inOrder } from './in-order.ts'

/** Files that are read at once. */
export const AT_ONCE = 4

export type CheckReport = {
  readonly facts: BackupFacts
  /** A sentence for each piece that is not what it was. */
  readonly damaged: readonly string[]
  /** Content that was lost before the backup was made. */
  readonly lost: number
  /** Why the log was not verified, only its bytes compared; null: it was. A restore verifies it. */
  readonly older: string | null
}

/** Reads everything that a backup has, and compares it with its manifest; and the log with what it says of itself. */
export async function checkBackup(options: {
  readonly folder: string
  /** Unix milliseconds. */
  readonly now: number
  readonly onProgress?: (text: string) => void
  readonly signal?: AbortSignal
}): Promise<CheckReport> {
  const { folder, onProgress, signal } = options
  const backup = openBackup(folder)
  const lock = lockBackup(folder, { isWritten: false })
  try {
    const damaged: string[] = []
    for (const { path, sha256 } of backup.snapshot) {
      const problem = await comparePiece(join(folder, path), sha256, signal)
      if (problem) damaged.push(`${path} ${problem}`)
    }
    // What is not what was written may be no database at all.
    if (damaged.length > 0) return { facts: backup.facts, damaged, lost: 0, older: null }
    const older = await findDamage(options, backup, damaged)
    const database = join(folder, databasePath(backup.facts))
    const reader = await openSqliteLogReader({
      path: database,
      driver: 'node',
      projections,
    })
    let lost = 0
    let count = 0
    try {
      const read = inOrder(contentOf(backup, reader), { atOnce: AT_ONCE }, (content) =>
        compareContent(folder, content, signal),
      )
      for await (const problem of read) {
        if (problem === 'lost') lost += 1
        else if (problem) damaged.push(problem)
        count += 1
        onProgress?.(`${count} of ${backup.facts.blobs.count} pieces of content`)
      }
    } finally {
      await reader.close()
    }
    return { facts: backup.facts, damaged, lost, older }
  } finally {
    lock?.release()
  }
}

/** Resolves to why nothing can be said: the tables are of an older version, which a backup stays. */
async function findDamage(
  options: Omit<Parameters<typeof checkLog>[0], 'dataDir' | 'beside' | 'facts'>,
  backup: Backup,
  damaged: string[],
): Promise<string | null> {
  try {
    damaged.push(...(await checkLog({ ...options, ...snapshotOf(backup) })))
    return null
  } catch (error) {
    if (!(error instanceof CustodyError && error.key === 'data_folder_unusable'))
      throw error
    return error.message
  }
}

/** For {@link checkLog}: the snapshot where it lies in the backup. */
function snapshotOf(backup: Backup) {
  const folder = join(backup.folder, SNAPSHOTS, backup.facts.id)
  return { dataDir: folder, beside: folder, facts: backup.facts }
}

async function compareContent(
  folder: string,
  { entry, bytes }: Content,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if ('absent' in entry) return entry.why === 'lost' ? 'lost' : undefined
  const problem = await comparePiece(
    join(folder, entry.path),
    entry.sha256,
    signal,
    bytes,
  )
  return problem && `${entry.path} ${problem}`
}

async function comparePiece(
  path: string,
  sha256: string,
  signal: AbortSignal | undefined,
  bytes?: number,
): Promise<string | undefined> {
  if (!existsSync(path)) return 'is missing'
  const { size } = await stat(path)
  if (bytes !== undefined && size !== bytes) {
    return `has ${size} bytes, and by the database ${bytes}`
  }
  return differs(await hashFile(path, signal ? { signal } : {}), sha256)
}

/** What is wrong with a piece, if anything, as the end of a sentence. */
export function differs(found: Copied, sha256: string): string | undefined {
  if (found.sha256 === sha256) return undefined
  return `is damaged: it has the SHA-256 ${found.sha256}, and by the manifest ${sha256}`
}

/** What the database of a backup says of a piece of content, beside what the manifest says of it. */
export type Content = {
  readonly entry: BlobEntry
  /** As stored. */
  readonly bytes: number
}

/**
 * All content that a snapshot names, in the order of the ids.
 *
 * @throws CustodyError `backup_damaged` where the manifest says nothing of some of it
 */
export async function* contentOf(
  backup: Backup,
  reader: LogReader,
): AsyncGenerator<Content> {
  const entries = backup.blobs()[Symbol.iterator]()
  const idOf = (entry: BlobEntry) => ('absent' in entry ? entry.absent : entry.extent)
  let next = entries.next()
  for await (const { id, stored_bytes: bytes } of storedExtents(reader)) {
    while (!next.done && idOf(next.value) < id) next = entries.next()
    if (!next.done && idOf(next.value) === id) yield { entry: next.value, bytes }
    else if (!(await isGarbage(reader.sql, id))) {
      throw new CustodyError(
        'backup_damaged',
        `The manifest of ${quote(backup.folder)} does not name extent ${id}, which its database has.`,
      )
    }
  }
}
