import { hash } from 'node:crypto'
import { canonicalJson } from '@custody/transparency'
import type { CheckpointRow } from './log-tables.ts'

/**
 * SHA-256 over the chain of the checkpoint before (nothing, for the first) and this row. A signature tells of a
 * checkpoint that was changed; the chain also of one that was removed.
 */
export function checkpointChain(
  previous: Uint8Array,
  { epoch, size, root, note }: CheckpointRow,
): Buffer {
  const text = canonicalJson([epoch, size, Buffer.from(root).toString('base64'), note])
  return hash('sha256', Buffer.concat([previous, Buffer.from(text)]), 'buffer')
}
