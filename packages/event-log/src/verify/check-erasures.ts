import type { Findings } from './finding.ts'
import type { ErasedGroup, Erasures, RawLog } from './raw-log.ts'
import { privateAt, recordAt, recordsOfType } from './raw-rows.ts'

/** Missing groups that are held at once: the events that erase are read once for each so many. */
const WINDOW = 100_000

const PAGE = 1000

/** Missing private groups, beside the events that say which were erased. */
export interface ErasureCheck {
  /** Groups that are missing up to position `to`, all above those that came before. */
  add(missing: readonly ErasedGroup[], to: number): Promise<void>
  finish(): Promise<void>
}

/**
 * A private group is missing exactly where an event says that it was erased. Erasures beyond the verified
 * positions count too: beside a writer, one may have come in the meantime.
 */
export function checkErasures(
  log: RawLog,
  findings: Findings,
  erasures: Erasures,
): ErasureCheck {
  const { sql } = log
  let missing = new Set<string>()
  let from = 1
  let to = 0

  async function checkWindow(): Promise<void> {
    const unnamed = new Set(missing)
    for (const type of erasures.types) {
      // What erases a group stands after it.
      for (let after = from; ; ) {
        const events = await sql.all(recordsOfType, { type, after, limit: PAGE })
        for (const { position, record } of events)
          await checkEvent(position, record, unnamed)
        if (events.length < PAGE) break
        after = events.at(-1)?.position ?? after
      }
    }
    for (const key of unnamed) {
      const problem = 'is missing, and no event says that it was erased'
      findings.add({ table: 'event_private', key, problem })
    }
    missing = new Set()
    from = to + 1
  }

  async function checkEvent(
    position: number,
    record: string,
    unnamed: Set<string>,
  ): Promise<void> {
    const wrong = (problem: string) =>
      findings.add({ table: 'events', key: String(position), column: 'record', problem })
    const named = erasedGroups(record, erasures)
    if (!named) {
      if (from === 1) wrong('does not say which groups it erased')
      return
    }
    for (const { position: at, group } of named) {
      if (at < from || at > to) continue
      const key = `${at} ${group}`
      if (at >= position) wrong(`says that ${key} was erased, which comes after it`)
      else if (missing.has(key)) unnamed.delete(key)
      else if (await sql.get(privateAt, { position: at, grp: group })) {
        const problem = `is there, and event ${position} says that it was erased`
        findings.add({ table: 'event_private', key, problem })
      } else if (!(await hasGroup(at, group))) {
        wrong(`says that ${key} was erased, which never was`)
      }
    }
  }

  async function hasGroup(position: number, group: string): Promise<boolean> {
    try {
      const row = await sql.get(recordAt, { position })
      return Object.hasOwn(JSON.parse(row?.record ?? '').commit, group)
    } catch {
      // A record that is none was told already.
      return true
    }
  }

  return {
    async add(groups, last) {
      for (const { position, group } of groups) missing.add(`${position} ${group}`)
      to = last
      if (missing.size >= WINDOW) await checkWindow()
    },
    finish: checkWindow,
  }
}

function erasedGroups(
  record: string,
  erasures: Erasures,
): readonly ErasedGroup[] | undefined {
  try {
    const groups = erasures.of(JSON.parse(record).data)
    return groups?.every(isGroup) ? groups : undefined
  } catch {
    return undefined
  }
}

/** Whoever hashes again what was changed can write anything. */
function isGroup({ position, group }: ErasedGroup): boolean {
  return Number.isSafeInteger(position) && typeof group === 'string'
}
