import { existsSync } from 'node:fs'
import { CustodyError, quote } from '@custody/domain/errors'
import { openNodeSqlite } from './node-sqlite-connection.ts'
import { openNpmSqlite3 } from './npm-sqlite3-connection.ts'
import type { SqliteConnection, SqliteDriverName } from './sqlite-connection.ts'

/** "CSTD": marks the file as ours (SQLite's `application_id`). */
export const APPLICATION_ID = 0x43535444

/** What cannot be changed later without rewriting the file. */
const AT_CREATION = [
  'pragma page_size = 4096',
  'pragma auto_vacuum = incremental',
  `pragma application_id = ${APPLICATION_ID}`,
  'pragma journal_mode = wal',
]

/**
 * On every connection. Without `recursive_triggers`, INSERT OR REPLACE slips past the triggers that
 * refuse a DELETE; `secure_delete` overwrites what an erasure removes.
 */
const ALWAYS = [
  'pragma busy_timeout = 10000',
  'pragma secure_delete = on',
  'pragma recursive_triggers = on',
  'pragma foreign_keys = on',
]

/** A commit is on disk when it returns; a checkpoint of the WAL every 1,000 pages keeps it short. */
const WRITING = ['pragma synchronous = full', 'pragma wal_autocheckpoint = 1000']

export async function openForWriting(
  path: string,
  driver: SqliteDriverName,
): Promise<SqliteConnection> {
  const fresh = !existsSync(path)
  const connection = await open(path, driver, false)
  try {
    if (fresh) for (const text of AT_CREATION) await connection.exec(text)
    await checkApplicationId(connection, path)
    for (const text of [...ALWAYS, ...WRITING]) await connection.exec(text)
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

/** @throws CustodyError `data_folder_unusable` when there is no database, or not one of ours. */
export async function openForReading(
  path: string,
  driver: SqliteDriverName,
): Promise<SqliteConnection> {
  if (!existsSync(path)) {
    throw new CustodyError(
      'data_folder_unusable',
      `There is no database at ${quote(path)}.`,
    )
  }
  const connection = await open(path, driver, true)
  try {
    await checkApplicationId(connection, path)
    for (const text of ALWAYS) await connection.exec(text)
    return connection
  } catch (error) {
    await connection.close()
    throw error
  }
}

async function open(path: string, driver: SqliteDriverName, readOnly: boolean) {
  return driver === 'node'
    ? openNodeSqlite(path, { readOnly })
    : await openNpmSqlite3(path, { readOnly })
}

async function checkApplicationId(
  connection: SqliteConnection,
  path: string,
): Promise<void> {
  let found: unknown
  try {
    found = (await (await connection.prepare('pragma application_id')).get([]))
      ?.application_id
  } catch (cause) {
    throw new CustodyError(
      'data_folder_unusable',
      `${quote(path)} is not a SQLite database.`,
      {
        cause,
      },
    )
  }
  if (found !== APPLICATION_ID) {
    throw new CustodyError(
      'data_folder_unusable',
      `${quote(path)} is not a database of Custody (application id ${String(found)}).`,
    )
  }
}
