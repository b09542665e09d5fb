import { statSync } from 'node:fs'
import type { PurgeStep } from '../../../log-writer.ts'
import { BUSY_TIMEOUT_MS } from '../connection/open-database.ts'
import type {
  SqliteConnection,
  SqliteStatement,
} from '../connection/sqlite-connection.ts'
import type { GapFile } from './zero-gaps.ts'

/** How long one step keeps the appender waiting. */
const STEP_MS = 10

/**
 * One step of removing what deleted rows left: the write-ahead log is cut to nothing, so that the file is the whole
 * database, and then some pages are cleaned.
 *
 * Between two steps others may write. That brings nothing back: a page that was cleaned is read anew before it is
 * changed, and what was deleted is moved to no other page.
 */
export async function purgeStep(
  connection: SqliteConnection,
  file: GapFile,
  walPath: string,
  from: number,
): Promise<PurgeStep> {
  await connection.exec('pragma busy_timeout = 0')
  try {
    if (!(await truncateWal(connection))) return { busy: 'reader' }
    try {
      await connection.exec('begin immediate')
    } catch {
      return { busy: 'reader' }
    }
    try {
      if ((statSync(walPath, { throwIfNoEntry: false })?.size ?? 0) > 0) {
        return { busy: 'reader' }
      }
      const end = performance.now() + STEP_MS
      return { next: file.zero(from, () => performance.now() >= end) }
    } finally {
      await connection.exec('rollback')
      // Pages as they were before would be written back with their next change.
      await connection.exec('pragma shrink_memory')
    }
  } finally {
    await connection.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`)
  }
}

/** Prepared once for each connection. */
const checkpoints = new WeakMap<SqliteConnection, SqliteStatement>()

/** Moves everything from the write-ahead log to the database; false: a reader is in the way. */
async function truncateWal(connection: SqliteConnection): Promise<boolean> {
  try {
    const checkpoint =
      checkpoints.get(connection) ??
      (await connection.prepare('pragma wal_checkpoint(truncate)'))
    checkpoints.set(connection, checkpoint)
    const [row] = await checkpoint.all([])
    return row?.busy === 0
  } catch {
    return false
  }
}
