import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CustodyError, quote } from '@custody/domain/errors'
import { openNodeSqlite } from './node-sqlite-connection.ts'
import { openNpmSqlite3 } from './npm-sqlite3-connection.ts'
import type { SqliteConnection, SqliteDriverName } from './sqlite-connection.ts'
import { sqliteCode } from './sqlite-error.ts'

/** "CSTD": marks the file as ours (SQLite's `application_id`). */
export const APPLICATION_ID = 0x43535444

/** Primary result codes: https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

/** What cannot be changed later without rewriting the file. One page holds it: all of it is there, or nothing. */
const AT_CREATION = [
  'pragma page_size = 4096',
  'pragma auto_vacuum = incremental',
  `pragma application_id = ${APPLICATION_ID}`,
]

/** How long a connection waits for another one's lock, in milliseconds. */
export const BUSY_TIMEOUT_MS = 10_000

/**
 * On every connection. Without `recursive_triggers`, INSERT OR REPLACE slips past the triggers that
 * refuse a DELETE; `secure_delete` overwrites what an erasure removes.
 */
const ALWAYS = [
  `pragma busy_timeout = ${BUSY_TIMEOUT_MS}`,
  'pragma secure_delete = on',
  'pragma recursive_triggers = on',
  'pragma foreign_keys = on',
]

/** A commit is on disk when it returns; a checkpoint of the WAL every 1,000 pages keeps it short. */
const WRITING = [
  'pragma journal_mode = wal',
  'pragma synchronous = full',
  'pragma wal_autocheckpoint = 1000',
]

/** Creates the file when it is not there, or empty. @throws CustodyError `data_folder_unusable` */
export async function openForWriting(
  path: string,
  driver: SqliteDriverName,
): Promise<SqliteConnection> {
  const fresh = isMissingOrEmpty(path)
  return await open(path, driver, { readOnly: false }, async (connection) => {
    for (const text of ALWAYS) await connection.exec(text)
    if (fresh) for (const text of AT_CREATION) await connection.exec(text)
    await checkApplicationId(connection, path)
    for (const text of WRITING) await connection.exec(text)
  })
}

export type ReadingOptions = {
  /** Integers that a number cannot hold come as a bigint, not as an error. `sqlite3` rounds them always. */
  readonly bigIntegers?: boolean
}

/** @throws CustodyError `data_folder_unusable` when there is no database, or not one of ours. */
export async function openForReading(
  path: string,
  driver: SqliteDriverName,
  options: ReadingOptions = {},
): Promise<SqliteConnection> {
  if (isMissingOrEmpty(path)) {
    throw new CustodyError(
      'data_folder_unusable',
      `There is no database at ${quote(path)}.`,
    )
  }
  const reading = { readOnly: true, uri: uriToRead(path), ...options }
  return await open(path, driver, reading, async (connection) => {
    for (const text of ALWAYS) await connection.exec(text)
    await checkApplicationId(connection, path)
  })
}

/**
 * How a database is named to SQLite by who only reads it. Where nobody may write beside it, as in a copy on a read-only
 * medium, SQLite cannot make what all connections share, and is told that there is no other.
 *
 * @throws CustodyError `data_folder_unusable` where such a copy has a write-ahead log, which could not be read
 * @see https://sqlite.org/wal.html#read_only_databases
 */
export function uriToRead(path: string): string {
  const uri = `${pathToFileURL(path)}?mode=ro`
  if (existsSync(`${path}-shm`) || mayWrite(dirname(path))) return uri
  if (isMissingOrEmpty(`${path}-wal`)) return `${uri}&immutable=1`
  throw new CustodyError(
    'data_folder_unusable',
    `The last events of ${quote(path)} are in its write-ahead log, which cannot be read in a folder without permission to write. Copy the data folder to where you have it, and name the copy.`,
  )
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function isMissingOrEmpty(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0
}

async function open(
  path: string,
  driver: SqliteDriverName,
  options: { readonly readOnly: boolean; readonly uri?: string } & ReadingOptions,
  prepare: (connection: SqliteConnection) => Promise<void>,
): Promise<SqliteConnection> {
  const { uri: name = path } = options
  let connection: SqliteConnection | undefined
  try {
    connection =
      driver === 'node'
        ? openNodeSqlite(name, options)
        : await openNpmSqlite3(name, options)
    await prepare(connection)
    return connection
  } catch (error) {
    await connection?.close()
    throw toUnusable(error, path)
  }
}

function toUnusable(cause: unknown, path: string): unknown {
  const code = sqliteCode(cause)
  // Those can be otherwise in a moment.
  if (code === undefined || code === SQLITE_BUSY || code === SQLITE_FULL) return cause
  const why =
    code === SQLITE_NOTADB ? 'is not a SQLite database' : 'cannot be opened as a database'
  return new CustodyError('data_folder_unusable', `${quote(path)} ${why}.`, { cause })
}

async function checkApplicationId(
  connection: SqliteConnection,
  path: string,
): Promise<void> {
  const statement = await connection.prepare('pragma application_id')
  const found = (await statement.get([]))?.application_id
  if (found !== APPLICATION_ID) {
    throw new CustodyError(
      'data_folder_unusable',
      `${quote(path)} is not a database of Custody (application id ${String(found)}).`,
    )
  }
}
