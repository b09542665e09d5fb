import { insertion } from '../sql/insertion.ts'
import type { Sql } from '../sql/sql.ts'
import type { CheckpointRow } from './log-tables.ts'

const insert = insertion<CheckpointRow>('checkpoints', ['epoch', 'size', 'root', 'note'])

/**
 * Writes down a checkpoint that is about to leave.
 * @throws Error where it does not come after all that are there
 */
export async function keepCheckpoint(sql: Sql, checkpoint: CheckpointRow): Promise<void> {
  await sql.insert(insert, [checkpoint])
}
