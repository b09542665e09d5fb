import { hashBytes, leafHash, leafHashOfText } from '@custody/transparency'
import {
  collectFindings,
  eventColumn,
  type Finding,
  type Findings,
  show,
} from '../finding.ts'
import type { ErasedGroup, RawPrivate, RawRows } from '../raw-log.ts'
import { batchBefore, batchesBetween, recordAt } from '../raw-rows.ts'
import { checkBatch } from './check-batch.ts'
import { checkPrivate, strayGroup } from './check-private.ts'
import { checkRecord } from './check-record.ts'
import { type Inexact, mayBeInexact } from './inexact.ts'
import { isWhole } from './is-whole.ts'
import { toBytes } from './to-bytes.ts'

/** What can be told of a range of positions by itself; plain data, so that it can come from another thread. */
export type RangeReport = {
  readonly from: number
  readonly to: number
  /** Leaf hashes, computed from the records; of events that are missing, zeros. */
  readonly leaves: Uint8Array
  /** Positions that have no event. */
  readonly missing: readonly number[]
  /** Events whose leaf hash is stored as another one. */
  readonly doubtful: readonly { readonly position: number; readonly stored: Uint8Array }[]
  /** Groups that a record commits to, and that are not there. */
  readonly erased: readonly ErasedGroup[]
  readonly findings: readonly Finding[]
  readonly count: number
}

/**
 * Checks the events from `from` to `to` (inclusive) with their private groups, and the batches that end there:
 * everything but their place in the tree.
 */
export async function checkRange(
  log: RawRows,
  from: number,
  to: number,
): Promise<RangeReport> {
  try {
    return await checkRows(log, from, to)
  } catch (error) {
    if (!log.isDamage(error)) throw error
    const size = to - from + 1
    const problem = 'the database is damaged: it cannot be read'
    return {
      from,
      to,
      leaves: new Uint8Array(size * hashBytes),
      missing: Array.from({ length: size }, (_, index) => from + index),
      doubtful: [],
      erased: [],
      findings: [{ table: 'events', key: `${from}..${to}`, problem }],
      count: 1,
    }
  }
}

async function checkRows(log: RawRows, from: number, to: number): Promise<RangeReport> {
  const { sql } = log
  const findings = collectFindings()
  const args = { from, to }
  const events = await log.events(from, to)
  const privates = await log.privates(from, to)
  const leaves = Buffer.from(new ArrayBuffer((to - from + 1) * hashBytes))
  const missing: number[] = []
  const doubtful: { position: number; stored: Uint8Array }[] = []
  const erased: ErasedGroup[] = []
  const inexact: Inexact[] = []
  const times: string[] = []
  let time =
    from > 1 ? ((await sql.get(recordAt, { position: from - 1 }))?.time ?? '') : ''
  let nextPrivate = 0
  let nextEvent = 0

  for (let position = from; position <= to; position += 1) {
    const own: RawPrivate[] = []
    for (; privates[nextPrivate]?.position === position; nextPrivate += 1) {
      const row = privates[nextPrivate]
      if (row) own.push(row)
    }
    const row = events[nextEvent]
    if (row?.position !== position) {
      missing.push(position)
      for (const { grp } of own) findings.add(strayGroup(position, grp))
      continue
    }
    nextEvent += 1
    const leaf = leafHashOf(row.record)
    leaves.write(leaf, (position - from) * hashBytes, 'hex')
    if (leaf !== row.leaf_hash) {
      doubtful.push({ position, stored: Buffer.from(row.leaf_hash, 'hex') })
    }
    if (!(row.time > time)) {
      findings.add({
        ...eventColumn(position, 'time'),
        problem: 'is not after that of the event before',
        expected: `later than ${time}`,
        found: show(row.time),
      })
    }
    time = row.time
    times[position - from] = time
    if (isWhole(row, own)) continue
    const record = checkRecord(row, findings)
    if (mayBeInexact(String(row.record))) {
      inexact.push({ table: 'events', key: { position } })
    }
    const commit = record?.commit
    if (commit) checkPrivate(findings, position, commit, own, { erased, inexact })
  }

  tellMissing(findings, missing)
  for (const { table, key } of inexact) {
    for (const column of await log.inexactTexts(table, key)) {
      const name = Object.values(key).join(' ')
      findings.add({ table, key: name, column, problem: 'its bytes are no UTF-8' })
    }
  }
  let before = await sql.get(batchBefore, { position: from })
  for (const batch of await sql.all(batchesBetween, args)) {
    checkBatch(findings, batch, before, times[batch.position - from])
    before = batch
  }
  const { list, count } = findings
  return { from, to, leaves, missing, doubtful, erased, findings: list, count }
}

function tellMissing(findings: Findings, missing: readonly number[]): void {
  let from: number | undefined
  for (const [index, position] of missing.entries()) {
    from ??= position
    if (missing[index + 1] === position + 1) continue
    const key = from === position ? String(from) : `${from}..${position}`
    findings.add({ table: 'events', key, problem: 'is missing' })
    from = undefined
  }
}

/** In lower-case hex. */
function leafHashOf(record: unknown): string {
  if (typeof record === 'string') return leafHashOfText(record)
  return leafHash(toBytes(record)).toString('hex')
}
