import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { sqliteCode } from './sqlite-error.ts'

const SQLITE_BUSY = 5

/** Held until it is released, or until the process dies: the kernel lets go then. */
export type ExclusiveLock = { release(): void }

/**
 * Takes the lock that stands for exclusive use of a data folder, or returns undefined where another
 * process has it. The file is a SQLite database in an exclusive transaction; it holds nothing.
 */
export function takeExclusiveLock(path: string): ExclusiveLock | undefined {
  const db = new DatabaseSync(path)
  try {
    // A transaction on an empty file begins to fill it, which a full disk refuses; on any other it only locks.
    if (statSync(path).size === 0) db.exec('pragma user_version = 1')
    db.exec('begin exclusive')
  } catch (error) {
    db.close()
    if (sqliteCode(error) === SQLITE_BUSY) return undefined
    throw error
  }
  return { release: () => db.close() }
}
