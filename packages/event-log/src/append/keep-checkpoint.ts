import { lastCheckpoint } from '../read/read-checkpoints.ts'
import { insertion } from '../sql/insertion.ts'
import type { Sql } from '../sql/sql.ts'
import { checkpointChain } from './checkpoint-chain.ts'
import type { ChainedCheckpointRow, CheckpointRow } from './log-tables.ts'

const insert = insertion<ChainedCheckpointRow>('checkpoints', [
  'epoch',
  'size',
  'root',
  'note',
  'chain',
])

/**
 * Writes down a checkpoint that is about to leave.
 * @throws Error where it does not come after all that are there
 */
export async function keepCheckpoint(sql: Sql, checkpoint: CheckpointRow): Promise<void> {
  const before = await lastCheckpoint(sql)
  const chain = checkpointChain(before?.chain ?? new Uint8Array(), checkpoint)
  await sql.insert(insert, [{ ...checkpoint, chain }])
}
