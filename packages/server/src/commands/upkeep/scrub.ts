import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError, quote } from '@custody/domain'
import type { AdminApi } from '../../deployment/with-admin-api.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { progressBar } from '../../terminal/progress-bar.ts'
import { showBytes } from '../../terminal/show-values.ts'
import { namingFlags } from '../naming-flags.ts'
import { withAdmin } from '../with-admin.ts'

const MiB = 2 ** 20

/** Findings that the report names one by one. */
const MAX_FINDINGS = 1000

export type ScrubFlags = {
  readonly from?: string
  /** MiB in a second. */
  readonly rate?: unknown
  readonly json?: boolean
}

type Place = { readonly project: string; readonly file: string; readonly extent: string }
type Failure = Place & { readonly problem: string }
type Damage = Failure & {
  readonly segment: number | null
  readonly known: boolean
}

/** What the server answers for one slice. */
type Slice = {
  readonly files: number
  readonly extents: number
  readonly bytes: number
  readonly unread: number
  readonly absent: number
  readonly damaged: readonly Damage[]
  readonly unreadable: readonly Failure[]
  readonly repaired: readonly Place[]
  readonly next: string | null
  readonly total: { readonly files: number; readonly bytes: number }
}

/** All slices together. */
type Report = {
  files: number
  extents: number
  bytes: number
  unread: number
  absent: number
  /** Up to 1,000 of each. */
  damaged: Damage[]
  unreadable: Failure[]
  repaired: Place[]
  damagedCount: number
  unreadableCount: number
  repairedCount: number
  /** Where it can go on; null: at the first file. */
  next: string | null
  isInterrupted: boolean
}

/**
 * `custody scrub [FILE…]`: exit code 0 where all that was read is what was uploaded, 1 where something is not or could not
 * be opened, 2 where it could not be looked at, 130 where it was interrupted.
 */
export async function scrub(
  context: CommandContext,
  files: readonly string[],
  flags: ScrubFlags,
): Promise<number> {
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort()
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  const bar = progressBar(context.progress, () => performance.now())
  try {
    const rate = requireRate(flags.rate)
    if (flags.from !== undefined && files.length > 0) {
      throw new CustodyError(
        'invalid_value',
        '--from goes on through all files; it cannot be given with files.',
      )
    }
    const report = await namingFlags({ cursor: '--from', file: '<file-id>' }, () =>
      withAdmin(context, (api) => {
        const means = { api, bar, rate, signal: interrupted.signal }
        return files.length > 0 ? scrubFiles(means, files) : scrubAll(means, flags.from)
      }),
    )
    bar.end()
    return tell(context, report, flags.json === true)
  } catch (error) {
    bar.end()
    if (!(error instanceof CustodyError)) throw error
    context.complain(error.message)
    return 2
  } finally {
    process.removeListener('SIGINT', interrupt)
    process.removeListener('SIGTERM', interrupt)
  }
}

function requireRate(rate: unknown): number {
  if (rate === undefined) return Number.POSITIVE_INFINITY
  if (typeof rate === 'number' && rate > 0) return rate * MiB
  throw new CustodyError(
    'invalid_value',
    `--rate is ${quote(rate)}; it must be a whole number of MiB in a second, from 1 on.`,
  )
}

type Means = {
  readonly api: AdminApi
  readonly bar: ReturnType<typeof progressBar>
  /** Bytes in a second. */
  readonly rate: number
  readonly signal: AbortSignal
}

async function scrubAll(means: Means, from: string | undefined): Promise<Report> {
  const report = nothingYet()
  report.next = from ?? null
  do {
    const slice = await ask(means, report.next === null ? {} : { cursor: report.next })
    add(report, slice)
    const { total } = slice
    means.bar.show(report.bytes, total.bytes, said(report, total.bytes))
  } while (report.next !== null && !means.signal.aborted)
  report.isInterrupted = report.next !== null
  return report
}

async function scrubFiles(means: Means, files: readonly string[]): Promise<Report> {
  const report = nothingYet()
  for (const [index, file] of files.entries()) {
    add(report, await ask(means, { file }))
    means.bar.show(index + 1, files.length, said(report, report.bytes))
    report.isInterrupted = means.signal.aborted && index < files.length - 1
    if (report.isInterrupted) break
  }
  return report
}

/** One slice. It takes no less time than the rate says. */
async function ask({ api, rate, signal }: Means, body: object): Promise<Slice> {
  const began = performance.now()
  const bounded = Number.isFinite(rate) ? { max_bytes: Math.ceil(rate) } : {}
  const slice = (await api.post('/scrub', { ...bounded, ...body })) as Slice
  const rest = (slice.bytes / rate) * 1000 - (performance.now() - began)
  if (rest > 0) await sleep(rest, undefined, { signal }).catch(() => {})
  return slice
}

function nothingYet(): Report {
  const counts = { files: 0, extents: 0, bytes: 0, unread: 0, absent: 0 }
  const found = { damaged: [], unreadable: [], repaired: [] }
  const foundCounts = { damagedCount: 0, unreadableCount: 0, repairedCount: 0 }
  return { ...counts, ...found, ...foundCounts, next: null, isInterrupted: false }
}

function add(report: Report, slice: Slice): void {
  report.files += slice.files
  report.extents += slice.extents
  report.bytes += slice.bytes
  report.unread += slice.unread
  report.absent += slice.absent
  report.damagedCount += slice.damaged.length
  report.unreadableCount += slice.unreadable.length
  report.repairedCount += slice.repaired.length
  report.damaged.push(...slice.damaged.slice(0, MAX_FINDINGS - report.damaged.length))
  report.unreadable.push(
    ...slice.unreadable.slice(0, MAX_FINDINGS - report.unreadable.length),
  )
  report.repaired.push(...slice.repaired.slice(0, MAX_FINDINGS - report.repaired.length))
  report.next = slice.next
}

function said({ files, bytes, damagedCount }: Report, of: number): string {
  const damage = damagedCount > 0 ? `, ${damagedCount} damaged` : ''
  return `${showBytes(bytes)} of ${showBytes(of)}, ${files} files${damage}`
}

function tell(context: CommandContext, report: Report, json: boolean): number {
  const { damagedCount, unreadableCount, unread } = report
  const isGood = damagedCount + unreadableCount + unread === 0
  if (json) {
    const {
      damagedCount: _,
      unreadableCount: __,
      repairedCount,
      isInterrupted,
      ...rest
    } = report
    const counts = {
      damaged_count: damagedCount,
      unreadable_count: unreadableCount,
      repaired_count: repairedCount,
    }
    const ok = isGood && !isInterrupted
    context.print(JSON.stringify({ ok, ...rest, ...counts }))
  } else for (const line of describe(report)) context.print(line)
  if (report.isInterrupted) {
    const how =
      report.next === null ? '' : `; go on with: custody scrub --from ${report.next}`
    context.complain(`interrupted${how}`)
    return 130
  }
  return isGood ? 0 : 1
}

function* describe(report: Report): Generator<string> {
  const { files, extents, bytes, unread, damagedCount, repairedCount } = report
  for (const { project, file, problem, known } of report.damaged) {
    yield `DAMAGED ${file} of ${project}: ${problem}${known ? ' (known)' : ''}`
  }
  if (damagedCount > report.damaged.length) {
    yield `and ${damagedCount - report.damaged.length} more`
  }
  for (const { project, file, problem } of report.unreadable) {
    yield `UNREADABLE ${file} of ${project}: ${problem}`
  }
  if (report.unreadableCount > report.unreadable.length) {
    yield `and ${report.unreadableCount - report.unreadable.length} more`
  }
  for (const { project, file, extent } of report.repaired) {
    yield `WHOLE AGAIN ${file} of ${project}: extent ${extent}`
  }
  if (repairedCount > report.repaired.length) {
    yield `and ${repairedCount - report.repaired.length} more`
  }
  if (unread > 0) yield `${unread} sealed extents not read: their master key is not here`
  if (report.absent > 0) yield `${report.absent} extents were not imported with the log`
  const read = `${files} files, ${extents} extents, ${showBytes(bytes)}`
  if (damagedCount === 0) {
    const isRead = unread + report.unreadableCount === 0
    const verdict = isRead ? 'OK' : 'NOT ALL READ'
    yield `${verdict}${report.isInterrupted ? ' SO FAR' : ''}: ${read}`
    return
  }
  yield `BAD: ${damagedCount} damaged ${damagedCount === 1 ? 'extent' : 'extents'} in ${read}. Their files answer 500 content_damaged;`
  yield '  put the stored bytes back from a backup, and scrub again: what is whole is served again.'
}
