import type { ChainedCheckpointRow, LogTables } from '../append/log-tables.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'

const last = statement<LogTables>()((db) =>
  db
    .selectFrom('checkpoints')
    .selectAll()
    .orderBy('epoch', 'desc')
    .orderBy('size', 'desc')
    .limit(1),
)

/** The checkpoint that was signed last; undefined: there is none. */
export async function lastCheckpoint(
  sql: Sql,
): Promise<ChainedCheckpointRow | undefined> {
  return await sql.get(last, {})
}
