import {
  type LogOrigin,
  MalformedError,
  openCheckpoint,
  parseOrigin,
  UnverifiedError,
} from '@custody/transparency'
import type { Findings } from '../finding.ts'
import type { LogKeys, RawLog } from '../raw-log.ts'
import { checkpointAt } from '../raw-rows.ts'
import { readLogKeys } from './log-keys.ts'

/**
 * The checkpoint that the log keeps beside its database must be one that it signed, and that its table has: otherwise
 * the last rows were removed, or the log was cut back. Of an epoch that has ended the table may lack it: that is
 * why the epoch ended.
 */
export async function checkHighWater(
  log: RawLog,
  findings: Findings,
  note: Uint8Array,
  keys: LogKeys,
): Promise<void> {
  const known = await readLogKeys(log, keys)
  const signed = open(note, [...known.values()].flat())
  if ('problem' in signed) {
    const { problem } = signed
    findings.add({ table: 'log.checkpoint', key: '', problem })
    return
  }
  const { epoch, size } = signed
  const row = await log.sql.get(checkpointAt, { epoch, size })
  const finding = { table: 'checkpoints', key: `${epoch} ${size}` }
  if (row) {
    // Each checkpoint has one text.
    if (Buffer.from(String(row.note)).equals(note)) return
    const problem = 'is not the one that log.checkpoint keeps'
    findings.add({ ...finding, column: 'note', problem })
  } else if (epoch >= Math.max(...known.keys())) {
    findings.add({ ...finding, problem: 'is missing, and log.checkpoint keeps it' })
  }
}

function open(
  note: Uint8Array,
  keys: Parameters<typeof openCheckpoint>[1],
): (LogOrigin & { readonly size: number }) | { readonly problem: string } {
  try {
    const { checkpoint } = openCheckpoint(note, keys)
    return { ...parseOrigin(checkpoint.origin), size: checkpoint.size }
  } catch (error) {
    if (error instanceof MalformedError || error instanceof UnverifiedError) {
      return { problem: `is no checkpoint that the log has signed: ${error.message}` }
    }
    throw error
  }
}
