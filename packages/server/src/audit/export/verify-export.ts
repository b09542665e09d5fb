import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CustodyError } from '@custody/domain'
import {
  checkKept,
  collectFindings,
  type Finding,
  type Findings,
  type LogLoader,
  type LogModule,
  openKeptCheckpoint,
  openLogLoader,
  openRawSqliteLog,
  type SqliteDriverName,
  startVerifyWorkers,
  verifyLog,
} from '@custody/event-log'
import { projections } from '@custody/file-index'
import { logModuleUrl } from '@custody/service'
import { erasures, keys, threadsFor } from '../verify-data-folder.ts'
import { type ContentsReport, checkContents } from './check-contents.ts'
import { noContentSink } from './content-sink.ts'
import { type LoadedExport, loadExport } from './load-export.ts'

export type VerifyExportOptions = {
  readonly chunks: AsyncIterable<Uint8Array>
  readonly driver: SqliteDriverName
  /** The content of every live file must be there. Content that is there is verified anyway. */
  readonly blobs?: boolean
  /**
   * Keys (C2SP vkeys, one on each line) of which one must have signed the export's checkpoint. Default: those that the
   * export's own log names, which says no more than the export itself.
   */
  readonly keys?: string
  /** Checkpoints that were kept outside, with the keys that may have signed them. */
  readonly kept?: { readonly notes: readonly Uint8Array[]; readonly keys: string }
  /** Where the database is made that the export is read into. Default: the system's folder for temporary files. */
  readonly scratch?: string
  readonly onProgress?: (what: string, done: number, of: number | undefined) => void
  readonly signal?: AbortSignal
}

export type ExportReport = {
  readonly events: number
  /** Base64 of the Merkle tree hash over them. */
  readonly root: string
  /** Up to 100 of each kind of check. */
  readonly findings: readonly Finding[]
  readonly count: number
  /** Events that the kept checkpoints cover: those of the largest. */
  readonly checkpoint?: number
  /** Origin of the export's own checkpoint; undefined where nobody that is known has signed it. */
  readonly origin?: string
  /** Whether the key was given, and not taken from the export. */
  readonly isTrusted: boolean
  readonly blobs: ContentsReport
}

/**
 * Verifies an export by itself, as the log in a data folder is verified: it is read into a scratch database, so that
 * memory is bounded at any size.
 *
 * @throws CustodyError `invalid_export` for what is none; `insufficient_storage`
 */
export async function verifyExport(options: VerifyExportOptions): Promise<ExportReport> {
  const { chunks, driver, onProgress, signal } = options
  const folder = mkdtempSync(join(options.scratch ?? tmpdir(), 'custody-verify-'))
  const { logModule }: { logModule: LogModule } = await import(logModuleUrl.href)
  let loader: LogLoader | undefined
  try {
    const path = join(folder, 'export.db')
    loader = await openLogLoader({ path, driver, migrations: logModule.migrations })
    const findings = collectFindings()
    const loaded = await loadExport(chunks, {
      loader,
      contents: noContentSink,
      findings,
      ...(onProgress && { onProgress: (lines) => onProgress('lines', lines, undefined) }),
      ...(signal && { signal }),
    })
    return await verifyLoaded({ ...options, path, loader, loaded, findings })
  } finally {
    await loader?.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Verifies what was read from an export. It changes the database no more than by its triggers, which guard it from here on.
 *
 * @param onAbsent is told each extent of a live file whose content is not there
 */
export async function verifyLoaded(
  options: Omit<VerifyExportOptions, 'chunks' | 'scratch'> & {
    readonly path: string
    readonly loader: LogLoader
    readonly loaded: LoadedExport
    readonly findings: Findings
    readonly onAbsent?: (extent: string) => Promise<void>
  },
): Promise<ExportReport> {
  const {
    path,
    driver,
    loader,
    loaded,
    findings,
    kept: given,
    onProgress,
    signal,
  } = options
  const { header, end } = loaded
  await loader.guard()
  const own = openOwn(loaded, options.keys)
  const ownSigned = own && 'size' in own ? [own] : []
  const opened = given?.notes.map((note) => openKeptCheckpoint(note, given.keys)) ?? []
  const kept = opened.filter((one) => 'size' in one)
  const { logModule }: { logModule: LogModule } = await import(logModuleUrl.href)
  const log = await openRawSqliteLog({
    path,
    driver,
    migrations: logModule.migrations,
    projections,
  })
  const threads = threadsFor(path)
  const workers = threads > 0 ? startVerifyWorkers({ path, driver }, threads) : undefined
  try {
    const found = await verifyLog(log, {
      erasures,
      keys,
      sizes: [...kept, ...ownSigned].map(({ size }) => size),
      ...(workers && { workers }),
      ...(onProgress && { onProgress: (done, of) => onProgress('events', done, of) }),
      ...(signal && { signal }),
    })
    const root = found.root.toString('base64')
    const logId = String(Object(found.birth).log_id)
    const checkpoints = collectFindings()
    // First: it is what the person asked.
    for (const one of [...opened, ...(own ? [own] : [])]) {
      if (!('problem' in one)) continue
      checkpoints.add({ table: 'checkpoint', key: '', problem: one.problem })
    }
    for (const wrong of checkKept([...kept, ...ownSigned], { ...found, logId })) {
      checkpoints.add(wrong)
    }
    const tell = (problem: string) =>
      checkpoints.add({ table: 'export', key: '', problem })
    if (logId !== header.logId)
      tell('its first line names another log than its first event')
    if (end && end.root !== root) tell('its last line has another root than its events')
    for (const { size, origin } of ownSigned) {
      if (origin !== header.origin)
        tell('its checkpoint has another origin than its first line')
      if (size === found.events) continue
      tell(`its checkpoint is of ${size} events, and it has ${found.events}`)
    }
    checkpoints.addAll(findings)
    checkpoints.addAll({ list: found.findings, count: found.count })
    const contents = collectFindings()
    const blobs = await checkContents(loader, header, contents, options.onAbsent)
    if (options.blobs && !header.blobs && blobs.absent > 0) {
      const problem = 'the export was made without contents'
      contents.add({ table: 'contents', key: '', problem })
    }
    return {
      events: found.events,
      root,
      findings: [...checkpoints.list, ...contents.list],
      count: checkpoints.count + contents.count,
      ...(kept.length > 0 && { checkpoint: Math.max(...kept.map(({ size }) => size)) }),
      ...(own && 'origin' in own && { origin: own.origin }),
      isTrusted: options.keys !== undefined,
      blobs,
    }
  } finally {
    await workers?.close()
    await log.close()
  }
}

/** The checkpoint of the export, by the keys that are known of its log. */
function openOwn(
  { end, vkeys }: LoadedExport,
  given: string | undefined,
): ReturnType<typeof openKeptCheckpoint> | undefined {
  if (!end) return undefined
  const note = Buffer.from(end.checkpoint)
  if (given !== undefined) return openKeptCheckpoint(note, given)
  let problem = 'is signed by no key that the log names'
  for (const vkey of vkeys) {
    try {
      const found = openKeptCheckpoint(note, vkey)
      if ('size' in found) return found
      problem = found.problem
    } catch (error) {
      // An event that names no key is told by who verifies the log.
      if (!(error instanceof CustodyError)) throw error
    }
  }
  return { problem }
}
