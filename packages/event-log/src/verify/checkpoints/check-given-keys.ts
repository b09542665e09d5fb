import {
  formatVerifierKey,
  openCheckpoint,
  type VerifierKey,
} from '@custody/transparency'
import type { Finding } from '../finding.ts'
import type { LogKeys, RawLog } from '../raw-log.ts'
import { lastCheckpoint } from '../raw-rows.ts'
import { parseKeys } from './kept-checkpoint.ts'
import { readLogKeys } from './log-keys.ts'

/** What keys that somebody brings along say of a log. */
export type GivenKeysReport = {
  readonly findings: readonly Finding[]
  /** Events that the last checkpoint covers which one of the keys has signed; 0: there is none. */
  readonly signed: number
}

/**
 * Whether the log is one of the given keys': one of its events must name one of them. A log that somebody made anew
 * names another one.
 *
 * @param given verifier keys (C2SP vkey), one on each line
 * @throws CustodyError `invalid_configuration` where there is no key, or something that is none
 */
export async function checkGivenKeys(
  log: RawLog,
  given: string,
  keys: LogKeys,
): Promise<GivenKeysReport> {
  const parsed = parseKeys(given)
  const known = new Set(parsed.map(formatVerifierKey))
  try {
    const named = await readLogKeys(log, keys)
    const own = new Map<number, VerifierKey[]>()
    for (const [epoch, ofEpoch] of named) {
      const shared = ofEpoch.filter((one) => known.has(formatVerifierKey(one)))
      if (shared.length > 0) own.set(epoch, shared)
    }
    if (own.size > 0) return { findings: [], signed: await lastSigned(log, own) }
    const findings = [
      {
        table: 'key',
        key: '',
        problem: 'is none that the log names: it is another log, or was made anew',
        expected: textOf(parsed),
        found: textOf([...named.values()].flat()),
      },
    ]
    return { findings, signed: 0 }
  } catch (error) {
    // Damage was told of by the verification.
    if (!log.isDamage(error)) throw error
    return { findings: [], signed: 0 }
  }
}

const textOf = (keys: readonly VerifierKey[]) =>
  keys.map(formatVerifierKey).join(', ') || 'none'

async function lastSigned(
  { sql }: RawLog,
  own: ReadonlyMap<number, readonly VerifierKey[]>,
): Promise<number> {
  let signed = 0
  for (const [epoch, keys] of own) {
    const row = await sql.get(lastCheckpoint, { epoch })
    try {
      if (!row) continue
      signed = Math.max(signed, openCheckpoint(String(row.note), keys).checkpoint.size)
    } catch {
      // What is wrong with it was told where it stands.
    }
  }
  return signed
}
