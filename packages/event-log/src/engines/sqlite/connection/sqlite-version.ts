import type { LogTables } from '../../../append/log-tables.ts'
import type { Sql } from '../../../sql/sql.ts'
import { statement } from '../../../sql/statement.ts'

const version = statement<LogTables>()((db) =>
  db.selectNoFrom(({ fn }) => fn<string>('sqlite_version', []).as('version')),
)

/** Version of the SQLite library that a connection runs on, such as `3.53.0`. */
export async function sqliteVersion(sql: Sql): Promise<string> {
  return (await sql.get(version, {}))?.version ?? ''
}
