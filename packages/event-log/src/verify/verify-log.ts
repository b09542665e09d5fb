import { setImmediate } from 'node:timers/promises'
import { emptyFrontier, frontierRoot } from '@custody/transparency'
import { checkErasures } from './check-erasures.ts'
import { checkNumbers } from './check-numbers.ts'
import { checkTree } from './check-tree.ts'
import { checkCheckpoints } from './checkpoints/check-checkpoints.ts'
import { checkHighWater } from './checkpoints/check-high-water.ts'
import { collectFindings, type Finding, type Findings, MAX_FINDINGS } from './finding.ts'
import { checkRange, type RangeReport } from './range/check-range.ts'
import type { Erasures, LogKeys, RawLog, RawRows } from './raw-log.ts'
import { ends, groupsAt, outside, recordAt } from './raw-rows.ts'

/** Positions of one range: two tiles, some milliseconds. No read transaction outlives it. */
const RANGE = 512

/** What a verification has found. */
export type VerifyReport = {
  /** Events that were verified: those that were there at the start. */
  readonly events: number
  /** The Merkle tree hash over them. */
  readonly root: Buffer
  /** The roots at the sizes that were asked for, as far as the log goes. */
  readonly roots: ReadonlyMap<number, Buffer>
  /** The data of the first event, which says which log this is; undefined where it cannot be read. */
  readonly birth: unknown
  /** Up to 100. */
  readonly findings: readonly Finding[]
  /** All of them. */
  readonly count: number
}

export type VerifyOptions = {
  readonly erasures: Erasures
  readonly keys: LogKeys
  /** The checkpoint that is kept beside the database, as it was before the log was opened. */
  readonly highWater?: Uint8Array
  /** Sizes of the log at which the root is wanted. */
  readonly sizes?: readonly number[]
  /** Who does the work that can be done beside other work. Default: this thread, one after the other. */
  readonly workers?: VerifyWorkers
  readonly onProgress?: (events: number, of: number) => void
  readonly signal?: AbortSignal
}

/** Work that needs nothing but the rows themselves. */
export interface VerifyWorkers {
  /** How many ranges are under way at once. */
  readonly parallel: number
  range(from: number, to: number): Promise<RangeReport>
  /** {@link checkTables} */
  tables(
    isDefined: boolean,
  ): Promise<{ readonly list: readonly Finding[]; readonly count: number }>
}

/**
 * Reads every row of a log and computes again all that it says of itself: records, columns, hashes, commitments,
 * numbers, times, batches, tiles, and the root. Beside a writer it verifies what was there when it began.
 * Memory is bounded, whatever the length of the log and the number of its streams.
 */
export async function verifyLog(
  log: RawLog,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const { signal, onProgress } = options
  const findings = collectFindings()
  const size = await checkEnds(log, findings)
  const workers = options.workers ?? inThisThread(log)
  const schema = await checkSchema(log)
  const tables = workers.tables(schema.count === 0)
  // A failure is told when it is waited for; until then it must not end the process.
  tables.catch(() => {})
  const { sizes = [] } = options
  const roots = new Map<number, Buffer>()
  const checkpoints = checkCheckpoints(log, findings, size, options.keys)
  const tree = checkTree(log, findings, size, (at, found) => {
    if (sizes.includes(at)) roots.set(at, found)
    checkpoints.root(at, found)
  })
  tree.want(sizes.filter((at) => at > 0))
  let root = frontierRoot(emptyFrontier())
  if (sizes.includes(0)) roots.set(0, root)
  const erasures = checkErasures(log, findings, options.erasures)
  const running: Promise<RangeReport>[] = []
  let next = 1
  const start = () => {
    for (; running.length < workers.parallel && next <= size; next += RANGE) {
      const range = workers.range(next, Math.min(next + RANGE - 1, size))
      range.catch(() => {})
      running.push(range)
    }
  }
  let at = 0
  try {
    for (start(); running.length > 0; start()) {
      signal?.throwIfAborted()
      const report = await running.shift()
      if (!report) break
      findings.addAll({ list: report.findings, count: report.count })
      tree.want(await checkpoints.upTo(report.to))
      await tree.add(report)
      await erasures.add(report.erased, report.to)
      at = report.to
      onProgress?.(at, size)
      // A synchronous driver would let nothing else run, an abort among it.
      await setImmediate()
    }
    await erasures.finish()
    root = await tree.finish()
    await checkpoints.finish()
    if (options.highWater) {
      await checkHighWater(log, findings, options.highWater, options.keys)
    }
  } catch (error) {
    tellDamage(log, findings, error, `batches or tiles cannot be read after event ${at}`)
  }
  findings.addAll(schema)
  findings.addAll(await tables)
  const birth = await readBirth(log)
  const { list, count } = findings
  return { events: size, root, roots, birth, findings: list, count }
}

async function readBirth({ sql }: RawLog): Promise<unknown> {
  try {
    const row = await sql.get(recordAt, { position: 1 })
    return row && JSON.parse(row.record).data
  } catch {
    return undefined
  }
}

async function checkSchema(log: RawLog): Promise<Findings> {
  return await collect(log, [(findings) => log.checkSchema(findings)])
}

/**
 * What is told of the tables as a whole, beside the pass over the rows.
 *
 * @param isDefined whether their definitions are as they should be
 */
export async function checkTables(log: RawRows, isDefined: boolean): Promise<Findings> {
  return await collect(log, [
    (findings) => log.checkEngine(findings, isDefined),
    (findings) => checkNumbers(log, findings),
  ])
}

async function collect(
  log: RawRows,
  checks: readonly ((findings: Findings) => Promise<void>)[],
): Promise<Findings> {
  const findings = collectFindings()
  for (const check of checks) {
    try {
      await check(findings)
    } catch (error) {
      tellDamage(log, findings, error, 'tables or indexes cannot be read')
    }
  }
  return findings
}

/** @throws the error, where it is another one */
function tellDamage(
  log: RawRows,
  findings: Findings,
  error: unknown,
  problem: string,
): void {
  if (!log.isDamage(error)) throw error
  findings.add({ table: 'database', key: '', problem: `is damaged: ${problem}` })
}

function inThisThread(log: RawLog): VerifyWorkers {
  return {
    parallel: 1,
    range: (from, to) => checkRange(log, from, to),
    tables: (isDefined) => checkTables(log, isDefined),
  }
}

/** How many events there are to verify. */
async function checkEnds(log: RawLog, findings: Findings): Promise<number> {
  try {
    const last = await log.sql.get(ends, {})
    await checkStrays(log, findings)
    return Math.max(0, Math.min(Number(last?.event ?? 0), Number(last?.batch ?? 0)))
  } catch (error) {
    tellDamage(log, findings, error, 'it cannot be told where the log ends')
    return 0
  }
}

const STRAYS = {
  events: 'is in no batch: a row that was added, or its batch was removed',
  log_batches:
    'ends where there is no event: it was added, or the last events were removed',
  event_private: 'a private group that no event has',
} as const

/** Rows at positions that the log does not have. */
async function checkStrays(log: RawLog, findings: Findings): Promise<void> {
  const { sql } = log
  const limit = MAX_FINDINGS
  for (const table of ['events', 'log_batches', 'event_private'] as const) {
    const { below, beyond } = outside[table]
    const rows = [
      ...(await sql.all(below, { limit })),
      ...(await sql.all(beyond, { limit })),
    ]
    const problem = STRAYS[table]
    for (const position of new Set(rows.map((row) => row.position))) {
      if (table !== 'event_private')
        findings.add({ table, key: String(position), problem })
      else {
        for (const { grp } of await sql.all(groupsAt, { position })) {
          findings.add({ table, key: `${position} ${grp}`, problem })
        }
      }
    }
  }
}
