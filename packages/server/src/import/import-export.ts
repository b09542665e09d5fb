import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { openDiskBlobStore } from '@custody/blob-store'
import { CustodyError, quote, upcast } from '@custody/domain'
import {
  buildIndex,
  collectFindings,
  keepCheckpoint,
  type LogModule,
  openLogLoader,
} from '@custody/event-log'
import { projections, putExtents } from '@custody/file-index'
import {
  checkpointOf,
  createIds,
  createKeyRing,
  type Ids,
  type KeyRing,
  type Logger,
  logModuleUrl,
} from '@custody/service'
import { loadExport } from '../audit/export/load-export.ts'
import { type ExportReport, verifyLoaded } from '../audit/export/verify-export.ts'
import type { Config } from '../config/load-config.ts'
import {
  type DataFolder,
  layout,
  makeDataFolder,
  syncFolder,
} from '../data-folder/data-folder.ts'
import { lockDataFolder } from '../data-folder/lock-data-folder.ts'
import { masterKeyStore } from '../data-folder/master-keys.ts'
import { replaceFile } from '../data-folder/replace-file.ts'
import { VERIFIER_KEYS_FILE } from '../data-folder/signing-files.ts'
import { openDeployment } from '../deployment/open-deployment.ts'
import { absentExtent, contentStore } from './content-store.ts'
import { settleImport } from './settle-import.ts'
import { syncFile } from './sync-file.ts'

export type ImportOptions = {
  readonly config: Config
  readonly logger: Logger
  readonly cwd: string
  readonly chunks: AsyncIterable<Uint8Array>
  /** See {@link verifyLoaded}. */
  readonly keys?: string
  readonly kept?: { readonly notes: readonly Uint8Array[]; readonly keys: string }
  /** Files whose content is not in the export are there without it. Default: that is refused. */
  readonly withoutContent: boolean
  readonly onProgress?: (what: string, done: number, of: number | undefined) => void
  readonly signal: AbortSignal
}

export type ImportReport = {
  /** What the verification of the export said. With a finding, nothing was imported. */
  readonly report: ExportReport
  /** C2SP vkey of the epoch that begins. */
  readonly verifierKey?: string
}

/** Names in a data folder that an import may find: what an operator has put there before, and what is of no deployment. */
const MAY_BE_THERE: readonly string[] = ['erasures.log', 'lost+found']

/** Names that come with taking the folder, or that an import left which was killed. */
const OURS: readonly string[] = ['lock.db', 'lock.db-journal', 'run', '.import']

/**
 * Makes a deployment of an export, in a data folder that has none: the same events at the same positions, the contents
 * sealed anew, a new epoch. It is put together beside and moved into place when all of it is durable. Where it fails,
 * nothing is left; where it is killed, the next one begins anew, or finishes it.
 *
 * @throws CustodyError `data_folder_in_use`, `data_folder_unusable`, `invalid_export`
 */
export async function importExport(options: ImportOptions): Promise<ImportReport> {
  const { config } = options
  const folder = layout(config.dataDir)
  const before = existsSync(folder.path) ? readdirSync(folder.path) : undefined
  makeDataFolder(folder)
  const lock = lockDataFolder(folder)
  let isDone = false
  try {
    finishFormer(folder, config)
    refuseUsed(folder, config)
    rmSync(folder.importing, { recursive: true, force: true })
    mkdirSync(folder.importing, { mode: 0o700 })
    const found = await putTogether(folder, options)
    if (found.verifierKey !== undefined) {
      renameSync(folder.importing, folder.imported)
      syncFolder(folder.path)
      settleImport(folder, config.secretsDir)
      isDone = true
    }
    return found
  } finally {
    if (!isDone) {
      rmSync(folder.importing, { recursive: true, force: true })
      for (const name of OURS) {
        if (before?.includes(name)) continue
        rmSync(join(folder.path, name), { recursive: true, force: true })
      }
    }
    lock.release()
    if (!isDone && before === undefined) {
      rmSync(folder.path, { recursive: true, force: true })
    }
  }
}

/** @throws CustodyError `data_folder_unusable`: one that was whole when it was killed is whole now */
function finishFormer(folder: DataFolder, { secretsDir }: Config): void {
  if (!existsSync(folder.imported)) return
  settleImport(folder, secretsDir)
  throw new CustodyError(
    'data_folder_unusable',
    `A former import into ${quote(folder.path)} had been cut short at its end, and is finished now: serve it, or name another folder.`,
  )
}

function refuseUsed({ path }: DataFolder, { secretsDir }: Config): void {
  const refuse = (what: string) => {
    throw new CustodyError(
      'data_folder_unusable',
      `${quote(path)} is not empty: it has ${what}. An import makes a data folder of its own; name one that is not there, or empty.`,
    )
  }
  const secrets = dirname(secretsDir) === path ? [basename(secretsDir)] : []
  for (const name of readdirSync(path)) {
    if (![...MAY_BE_THERE, ...OURS, ...secrets].includes(name)) refuse(quote(name))
  }
  const key = join(secretsDir, 'log-signing-key')
  if (existsSync(key)) refuse(`${quote(key)}, with which a log signs`)
}

async function putTogether(
  folder: DataFolder,
  options: ImportOptions,
): Promise<ImportReport> {
  const { config, cwd, chunks, signal, onProgress } = options
  const staged = layout(folder.importing)
  const ids = createIds(Date.now)
  const stagedConfig: Config = {
    ...config,
    dataDir: staged.path,
    secretsDir: join(staged.path, 'secrets'),
  }
  if (existsSync(folder.erasures)) copyFileSync(folder.erasures, staged.erasures)
  copySecrets(config.secretsDir, stagedConfig.secretsDir)
  const keys = ringOf(stagedConfig, cwd, ids)
  const { logModule }: { logModule: LogModule } = await import(logModuleUrl.href)
  const { migrations } = logModule
  const driver = config.sqliteDriver
  const opened: (() => unknown)[] = []
  const close = async () => {
    for (const undo of opened.reverse()) await undo()
    opened.length = 0
  }
  try {
    const loader = await openLogLoader({ path: staged.database, driver, migrations })
    opened.push(() => loader.close())
    const { random } = ids
    const blobs = await openDiskBlobStore({
      folder: staged.path,
      newId: ids.uuid,
      ...(config.seal !== 'off' && { seal: { mode: config.seal, random, threads: 1 } }),
    })
    opened.push(() => blobs.close())
    const findings = collectFindings()
    const loaded = await loadExport(chunks, {
      loader,
      contents: contentStore({ loader, blobs, keys, signal }),
      findings,
      signal,
      ...(onProgress && { onProgress: (lines) => onProgress('lines', lines, undefined) }),
    })
    const report = await verifyLoaded({
      ...options,
      driver,
      path: staged.database,
      loader,
      loaded,
      findings,
      onAbsent: (extent) => putExtents(loader.sql, [absentExtent(extent)]),
    })
    const { end } = loaded
    if (report.count > 0 || !end) return { report }
    if (report.blobs.absent > 0 && !options.withoutContent) {
      throw new CustodyError(
        'invalid_export',
        `The content of ${report.blobs.absent} extents is not in the export: it was made without --blobs. ` +
          'With --without-content the files are imported without it, and reading one is refused (410).',
      )
    }
    const checkpoint = checkpointOf(end.checkpoint)
    const { origin, size, root, note } = checkpoint
    const epoch = Number(origin.slice(origin.lastIndexOf('/') + 1))
    await loader.transaction(() =>
      keepCheckpoint(loader.sql, { epoch, size, root, note }),
    )
    await buildIndex(
      loader,
      { projections, upcast },
      {
        signal,
        ...(onProgress && {
          onProgress: (done, of) => onProgress('events indexed', done, of),
        }),
      },
    )
    await close()
    replaceFile(
      join(staged.path, VERIFIER_KEYS_FILE),
      `${loaded.vkeys.join('\n')}\n`,
      0o644,
    )
    const deployment = await openDeployment({
      config: stagedConfig,
      logger: options.logger,
      cwd,
      token: Buffer.from(random(32)).toString('base64url'),
      configure: false,
      imported: { origin, size, root: root.toString('base64') },
      onLost() {},
    })
    const { verifierKey } = deployment.transparency
    await deployment.close()
    signal.throwIfAborted()
    for (const file of [staged.erasures, staged.database]) {
      if (existsSync(file)) syncFile(file)
    }
    syncFolder(staged.path)
    return { report, verifierKey }
  } finally {
    await close()
  }
}

/** Keys that an operator has put there before are those of the deployment. */
function copySecrets(from: string, to: string): void {
  mkdirSync(to, { mode: 0o700 })
  if (!existsSync(from)) return
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    if (entry.isFile()) copyFileSync(join(from, entry.name), join(to, entry.name))
  }
}

/** The key that the deployment will find as its first when it is opened. */
function ringOf(config: Config, cwd: string, ids: Ids): KeyRing | undefined {
  if (config.seal === 'off') return undefined
  const { load, make, source } = masterKeyStore({ ...config, cwd }, ids.random)
  let [first] = load()
  if (!first && make) first = make()
  if (first) return createKeyRing([first], ids.random)
  throw new CustodyError(
    'master_key_missing',
    `There is no master key in ${source}: 32 bytes in base64.`,
  )
}
