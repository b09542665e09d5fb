import { batchChain } from '../../append/batch-chain.ts'
import { WRITER_EPOCH } from '../../append/log-head.ts'
import type { BatchRow } from '../../append/log-tables.ts'
import { type Findings, show } from '../finding.ts'
import { toBytes } from './to-bytes.ts'

/**
 * Tells what is wrong with a batch.
 *
 * @param before the batch before it, where there is one
 * @param time that of the event with which it ends, where that was read
 */
export function checkBatch(
  findings: Findings,
  batch: BatchRow,
  before: BatchRow | undefined,
  time: string | undefined,
): void {
  const wrong = (column: string, problem: string, expected?: unknown) =>
    findings.add({
      table: 'log_batches',
      key: String(batch.position),
      column,
      problem,
      ...(expected !== undefined && {
        expected: show(expected),
        found: show(batch[column as keyof BatchRow]),
      }),
    })
  if (time !== undefined && batch.time !== time) {
    wrong('time', 'is not that of its last event', time)
  }
  const epoch = batch.writer_epoch
  if (!(epoch >= (before?.writer_epoch ?? 1)) || epoch > WRITER_EPOCH) {
    wrong('writer_epoch', 'is no form in which this could be written', WRITER_EPOCH)
  }
  if (!isGenerations(batch.projections)) wrong('projections', 'names no generations')
  if (!isChained(batch, before)) {
    const first = before?.position ?? 1
    const key = first === batch.position ? '' : `${first}..`
    const problem =
      'breaks here: one of these rows was changed, or one between them added or removed'
    findings.add({
      table: 'log_batches',
      key: `${key}${batch.position}`,
      column: 'chain',
      problem,
    })
  }
}

function isChained(batch: BatchRow, before: BatchRow | undefined): boolean {
  try {
    const row = { ...batch, frontier: toBytes(batch.frontier) }
    const chain = batchChain(toBytes(before?.chain), row)
    return Buffer.compare(chain, toBytes(batch.chain)) === 0
  } catch {
    // A value that nobody wrote there, such as a bigint.
    return false
  }
}

function isGenerations(text: string): boolean {
  try {
    const found: unknown = JSON.parse(text)
    return (
      typeof found === 'object' &&
      found !== null &&
      !Array.isArray(found) &&
      JSON.stringify(found) === text &&
      Object.values(found).every((generation) => typeof generation === 'string')
    )
  } catch {
    return false
  }
}
