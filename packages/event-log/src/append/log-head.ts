import { CustodyError } from '@custody/domain/errors'
import { decodeFrontier, emptyFrontier, type Frontier } from '@custody/transparency'
import { type Micros, parseTime } from '../log-time.ts'
import type { Sql } from '../sql/sql.ts'
import { statement } from '../sql/statement.ts'
import type { LogTables } from './log-tables.ts'

/** Where the log ends. */
export type LogHead = {
  readonly position: number
  readonly frontier: Frontier
  /** Of the last event; 0 for an empty log. */
  readonly time: Micros
  /** Projection name → live generation. */
  readonly projections: Readonly<Record<string, string>>
  /** Of the last batch; empty for an empty log. */
  readonly chain: Uint8Array
}

/**
 * The form in which this version of Custody writes. A version that writes another form counts up, and
 * what is older refuses to append after it.
 */
export const WRITER_EPOCH = 1

const lastBatch = statement<LogTables>()((db) =>
  db.selectFrom('log_batches').selectAll().orderBy('position', 'desc').limit(1),
)

/** Reads the last batch's row. @throws CustodyError `log_fenced` when a newer form was written. */
export async function readHead(sql: Sql): Promise<LogHead> {
  const row = await sql.get(lastBatch, {})
  if (!row) {
    const chain = new Uint8Array()
    return { position: 0, frontier: emptyFrontier(), time: 0, projections: {}, chain }
  }
  if (row.writer_epoch > WRITER_EPOCH) {
    throw new CustodyError(
      'log_fenced',
      `The log was written by a newer version of Custody (form ${row.writer_epoch}; this version writes ${WRITER_EPOCH}).`,
    )
  }
  return {
    position: row.position,
    frontier: decodeFrontier(row.position, row.frontier),
    time: parseTime(row.time),
    projections: JSON.parse(row.projections),
    chain: row.chain,
  }
}
