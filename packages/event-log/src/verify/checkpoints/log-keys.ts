import { parseVerifierKey, type VerifierKey } from '@custody/transparency'
import type { LogKeys, RawLog } from '../raw-log.ts'
import { recordsOfType } from '../raw-rows.ts'

const PAGE = 1000

/** The keys that the log names as its own, by the epoch whose checkpoints they sign. */
export async function readLogKeys(
  { sql }: RawLog,
  keys: LogKeys,
): Promise<ReadonlyMap<number, readonly VerifierKey[]>> {
  const known = new Map<number, VerifierKey[]>()
  for (const type of keys.types) {
    for (let after = 0; ; ) {
      const events = await sql.all(recordsOfType, { type, after, limit: PAGE })
      for (const { position, record } of events) {
        after = position
        const found = keyIn(record, keys)
        if (found) known.set(found.epoch, [...(known.get(found.epoch) ?? []), found.key])
      }
      if (events.length < PAGE) break
    }
  }
  return known
}

function keyIn(record: string, keys: LogKeys) {
  try {
    const found = keys.of(JSON.parse(record).data)
    return found && { epoch: found.epoch, key: parseVerifierKey(found.vkey) }
  } catch {
    // A record that is none is told where it stands.
    return undefined
  }
}
