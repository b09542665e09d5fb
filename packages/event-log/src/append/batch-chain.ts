import { hash } from 'node:crypto'
import { canonicalJson } from '@custody/transparency'
import type { BatchRow } from './log-tables.ts'

/**
 * SHA-256 over the chain of the batch before (nothing, for the first) and this row. So a row of `log_batches`
 * that was changed, added or removed is told by itself and the one after it, which the events do not tell:
 * no hash of theirs covers where a batch ended or which projections were live.
 */
export function batchChain(
  previous: Uint8Array,
  { position, frontier, time, writer_epoch, projections }: Omit<BatchRow, 'chain'>,
): Buffer {
  const text = canonicalJson([
    position,
    Buffer.from(frontier).toString('base64'),
    time,
    writer_epoch,
    projections,
  ])
  return hash('sha256', Buffer.concat([previous, Buffer.from(text)]), 'buffer')
}
