import { type LogReader, openSqliteLogReader } from '@custody/event-log'
import { projections } from '@custody/file-index'
import { configOf } from '../config/config-of.ts'
import { layout } from '../data-folder/data-folder.ts'
import type { CommandContext } from '../terminal/command-context.ts'

/** Opens the log of the data folder for reading only: beside a server, or on a copied folder. */
export async function withReader<T>(
  context: CommandContext,
  work: (reader: LogReader) => Promise<T>,
  dataDir?: string,
): Promise<T> {
  const config = configOf(context, { ...(dataDir !== undefined && { dataDir }) })
  const reader = await openSqliteLogReader({
    path: layout(config.dataDir).database,
    driver: config.sqliteDriver,
    projections,
  })
  try {
    return await work(reader)
  } finally {
    await reader.close()
  }
}
