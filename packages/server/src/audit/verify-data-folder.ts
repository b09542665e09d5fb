import { existsSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { openDiskBlobReader } from '@custody/blob-store'
import {
  checkGivenKeys,
  checkKept,
  type Erasures,
  type Finding,
  indexSql,
  type LogKeys,
  type LogModule,
  openKeptCheckpoint,
  openRawSqliteLog,
  type RawLog,
  type SqliteDriverName,
  startVerifyWorkers,
  verifyLog,
} from '@custody/event-log'
import { projections } from '@custody/file-index'
import { type KeyRing, logModuleUrl } from '@custody/service'
import { layout } from '../data-folder/data-folder.ts'
import { readServerFile } from '../data-folder/server-file.ts'
import { CHECKPOINT_FILE } from '../data-folder/signing-files.ts'
import { readRestorations } from './read-restorations.ts'
import { type BlobsReport, verifyBlobs } from './verify-blobs.ts'

const SMALL_BYTES = 128 * 1024 * 1024

/** More wait for the tree, which is one thread's work. */
const MAX_THREADS = 8

/** Findings of one kind of check that are told one by one. */
const MAX_FINDINGS = 100

export type VerifyDataFolderOptions = {
  readonly dataDir: string
  readonly driver: SqliteDriverName
  /** Read the content of every file, too. */
  readonly blobs?: boolean
  /** Opens sealed content. */
  readonly keys?: KeyRing | undefined
  /** Checkpoints that were kept outside, with the keys (C2SP vkeys, one on each line) that may have signed them. */
  readonly kept?: { readonly notes: readonly Uint8Array[]; readonly keys: string }
  /** Keys (C2SP vkeys, one on each line) of which the log must name one. Default: the log is not asked whose it is. */
  readonly trusted?: string
  /** One of them must have signed a checkpoint of the log: that it is named there, anybody can write. */
  readonly mustBeSigned?: boolean
  /** Threads that share the work; 0: none but this one. Default: by the size of the database. */
  readonly threads?: number
  /** Unix milliseconds. */
  readonly now: number
  readonly onProgress?: (what: string, done: number, of: number | undefined) => void
  readonly signal?: AbortSignal
}

export type DataFolderReport = {
  /** Events that were verified. */
  readonly events: number
  /** Base64 of the Merkle tree hash over them. */
  readonly root: string
  /** Up to 100 of each kind of check. */
  readonly findings: readonly Finding[]
  /** How many there are in all. */
  readonly count: number
  /** Events that the kept checkpoints cover: those of the largest. */
  readonly checkpoint?: number
  /** Events that the last checkpoint covers which a trusted key has signed; 0: there is none. */
  readonly signed?: number
  readonly blobs?: Omit<BlobsReport, 'findings'>
}

const notSigned: Finding = {
  table: 'key',
  key: '',
  problem:
    'has signed no checkpoint of this log: they were removed, or the log has not been served since it began',
}

/** Which events erase, and what. */
export const erasures: Erasures = {
  types: ['PrivateDataErased'],
  of(data) {
    const { erased } = Object(data)
    return Array.isArray(erased) ? erased : undefined
  },
}

/** Which events tell with what key the log signs. */
export const keys: LogKeys = {
  types: ['LogKeyAdded'],
  of(data) {
    const { epoch, vkey } = Object(data)
    return typeof vkey === 'string' ? { epoch: Number(epoch), vkey } : undefined
  },
}

/**
 * Verifies the log in a data folder, which is only read: beside a server, or a copy without its secrets.
 *
 * @throws CustodyError `data_folder_unusable`
 */
export async function verifyDataFolder(
  options: VerifyDataFolderOptions,
): Promise<DataFolderReport> {
  const { dataDir, driver, onProgress, signal } = options
  const path = layout(dataDir).database
  const { keys: signers = '', notes = [] } = options.kept ?? {}
  const opened = notes.map((note) => openKeptCheckpoint(note, signers))
  const kept = opened.filter((one) => 'size' in one)
  const { logModule }: { logModule: LogModule } = await import(logModuleUrl.href)
  const highWater = readHighWater(dataDir)
  const log = await openRawSqliteLog({
    path,
    driver,
    migrations: logModule.migrations,
    projections,
  })
  const threads = options.threads ?? threadsFor(path)
  const workers = threads > 0 ? startVerifyWorkers({ path, driver }, threads) : undefined
  try {
    const found = await verifyLog(log, {
      erasures,
      keys,
      ...(highWater && { highWater }),
      ...(workers && { workers }),
      sizes: kept.map(({ size }) => size),
      ...(onProgress && { onProgress: (done, of) => onProgress('events', done, of) }),
      ...(signal && { signal }),
    })
    const logId = String(Object(found.birth).log_id)
    const given =
      options.trusted === undefined
        ? undefined
        : await checkGivenKeys(log, options.trusted, keys)
    // First: it is what the person asked.
    const findings = [
      ...(given?.findings ?? []),
      ...(options.mustBeSigned && given?.signed === 0 && given.findings.length === 0
        ? [notSigned]
        : []),
      ...opened.filter((one) => 'problem' in one).map(toFinding),
      ...checkKept(kept, {
        ...found,
        logId,
        restorations: kept.length > 0 ? await readRestorations(log.sql) : [],
      }),
      ...found.findings,
    ]
    const report = {
      events: found.events,
      root: found.root.toString('base64'),
      findings,
      count: found.count + findings.length - found.findings.length,
      ...(kept.length > 0 && { checkpoint: Math.max(...kept.map(({ size }) => size)) }),
      ...(given && { signed: given.signed }),
    }
    return options.blobs ? await withBlobs(options, log, report) : report
  } finally {
    await workers?.close()
    await log.close()
  }
}

/** Before the log is opened: a row is written before the file. */
function readHighWater(dataDir: string): Buffer | undefined {
  const path = join(dataDir, CHECKPOINT_FILE)
  if (!existsSync(path)) return undefined
  // A folder or a pipe is no checkpoint either, and is told as one that is empty.
  return statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0)
}

/** A small log is verified before threads have warmed up. */
export function threadsFor(path: string): number {
  const { size } = statSync(path)
  return size < SMALL_BYTES ? 0 : Math.min(availableParallelism(), MAX_THREADS)
}

function toFinding({ problem }: { readonly problem: string }): Finding {
  return { table: 'checkpoint', key: '', problem }
}

async function withBlobs(
  { dataDir, keys, now, onProgress, signal }: VerifyDataFolderOptions,
  log: RawLog,
  report: DataFolderReport,
): Promise<DataFolderReport> {
  const { findings, ...blobs } = await verifyBlobs({
    sql: await indexSql(log, projections),
    blobs: openDiskBlobReader(dataDir),
    keys,
    isServed: readServerFile(layout(dataDir)) !== undefined,
    now,
    ...(onProgress && { onProgress: (done) => onProgress('extents', done, undefined) }),
    ...(signal && { signal }),
  })
  return {
    ...report,
    findings: [...report.findings, ...findings.slice(0, MAX_FINDINGS)],
    count: report.count + findings.length,
    blobs,
  }
}
