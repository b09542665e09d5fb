import { openForReading } from './connection/open-database.ts'

/**
 * Writes the database as it is at one moment into a new file, while others write to it: `VACUUM INTO`, which copies the rows
 * and no free page, so nothing that was deleted comes along. Synchronous, and 2 MiB of memory whatever the size; it is
 * for a process of its own. Writers go on, and their write-ahead log grows until it is done. The file is not synced.
 *
 * @throws CustodyError `data_folder_unusable`; SQLite's own error where the disk is full
 * @see https://sqlite.org/lang_vacuum.html#vacuuminto
 */
export async function snapshotSqlite(from: string, to: string): Promise<void> {
  const connection = await openForReading(from, 'node')
  try {
    const statement = await connection.prepare('vacuum into ?')
    await statement.all([to])
  } finally {
    await connection.close()
  }
}
