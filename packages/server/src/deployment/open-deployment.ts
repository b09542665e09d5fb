import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { openDiskBlobStore } from '@custody/blob-store'
import type { OldLog } from '@custody/domain'
import { openSqliteEventLog, takeExclusiveLock } from '@custody/event-log'
import { projections } from '@custody/file-index'
import { dialectNames, webhookBody } from '@custody/http'
import {
  createIds,
  createLogExport,
  createPluginHost,
  createService,
  genesis,
  type Ids,
  type LogExport,
  type Logger,
  logModuleUrl,
  openKeyRing,
  openTransparency,
  refuseLostDatabase,
  type Service,
  settleImported,
  type Transparency,
} from '@custody/service'
import type { Config } from '../config/load-config.ts'
import { type DataFolder, prepareDataFolder } from '../data-folder/data-folder.ts'
import { erasureFile } from '../data-folder/erasure-file.ts'
import { lockDataFolder } from '../data-folder/lock-data-folder.ts'
import { masterKeyStore } from '../data-folder/master-keys.ts'
import { scrubFile } from '../data-folder/scrub-file.ts'
import { loadSecrets, type Secrets } from '../data-folder/secrets.ts'
import { signingFiles } from '../data-folder/signing-files.ts'
import { settleImport } from '../import/settle-import.ts'
import { VERSION } from '../version.ts'
import { resolvePlugins } from './resolve-plugins.ts'

/** One deployment, open for use by this process alone. */
export type Deployment = {
  readonly folder: DataFolder
  readonly secrets: Secrets
  readonly service: Service
  readonly transparency: Transparency
  readonly exportLog: LogExport
  readonly ids: Ids
  close(): Promise<void>
}

export type OpenDeploymentOptions = {
  readonly config: Config
  readonly logger: Logger
  readonly cwd: string
  /** A further admin key, of this run only. */
  readonly token: string
  /**
   * Whether the configured key and dialect become those of the project `default`. A command is no start: where it is
   * typed, the settings of the server may not be there, and its key must not be taken for a changed one.
   */
  readonly configure: boolean
  /** Begins a new epoch where the log does not continue what it has signed. Default: that stops the start. */
  readonly acceptRollback?: boolean
  /** The database was just made of an export: a new epoch begins, which says so, and nobody is told of what was before. */
  readonly imported?: OldLog
  /** The log can be written no more: the process is of no use. */
  readonly onLost: (error: Error) => void
}

/** Takes the data folder and opens everything on it, in the order in which one needs the other. */
export async function openDeployment(
  options: OpenDeploymentOptions,
): Promise<Deployment> {
  const { config, logger, imported } = options
  const clock = Date.now
  const monotonic = () => performance.now()
  const acceptRollback = options.acceptRollback ?? false
  const ids = createIds(clock)
  const opened: (() => unknown)[] = []
  const close = async () => {
    for (const undo of opened.reverse()) await undo()
    opened.length = 0
  }
  try {
    // Before the folder is touched: a plugin that does not load stops the start.
    const plugins = await createPluginHost({
      plugins: resolvePlugins(config, options.cwd),
      dialects: dialectNames,
      logger,
      clock: performance,
    })
    opened.push(() => plugins.close())
    const folder = prepareDataFolder(config.dataDir)
    const lock = lockDataFolder(folder)
    opened.push(() => lock.release())
    // The file is made while there is room: a disk that is full is when garbage must go.
    takeExclusiveLock(folder.backupLease)?.release()
    settleImport(folder, config.secretsDir)
    const store = signingFiles(config)
    if (!acceptRollback && !existsSync(folder.database)) {
      refuseLostDatabase(store, folder.database)
    }
    const secrets = loadSecrets(config, ids.random)
    const mode = config.seal
    const blobs = await openDiskBlobStore({
      folder: folder.path,
      newId: ids.uuid,
      ...(mode !== 'off' && {
        seal: { mode, random: ids.random, threads: sealThreads() },
      }),
    })
    opened.push(() => blobs.close())
    // Nobody else works here: what is staged was left by a process that died.
    await blobs.sweepStaging({ olderThan: Number.POSITIVE_INFINITY })
    const log = await openSqliteEventLog({
      path: folder.database,
      driver: config.sqliteDriver,
      module: logModuleUrl,
      projections,
      genesis: genesis(`custody ${VERSION}`, ids),
      onDefect: (defect) => logger.error(defect, 'a command ran into a defect'),
      onLost: options.onLost,
    })
    opened.push(() => log.close())
    const transparency = await openTransparency({
      log,
      store,
      ids,
      monotonic,
      acceptRollback,
      ...(imported && { newEpoch: { reason: 'import', old: imported } }),
    })
    if (imported) await settleImported({ log, blobs, ids, logger })
    const keyStore = masterKeyStore({ ...config, cwd: options.cwd }, ids.random)
    const keys = await openKeyRing({
      log,
      ids,
      seals: mode !== 'off',
      store: keyStore,
    })
    const service = await createService(
      { log, blobs, plugins, clock, ids, logger, keys },
      {
        adminKeys: [secrets.adminKey.value, options.token],
        apiKey: options.configure ? secrets.apiKey.value : undefined,
        dialect: config.dialect,
        monotonic,
        masterKeys: keyStore,
        erasureFile: erasureFile(folder.erasures),
        accessEvents: config.accessEvents,
        ...(config.scrubRate > 0 && {
          scrub: {
            bytesPerSecond: config.scrubRate * 2 ** 20,
            store: scrubFile(folder.scrub),
          },
        }),
        takeGarbageTurn: () => takeExclusiveLock(folder.backupLease),
        webhooks: {
          sealingKey: secrets.webhookKey.value,
          allow: config.webhookAllow,
          present: webhookBody,
        },
      },
    )
    const exportLog = createLogExport({
      reader: log.reader,
      blobs,
      keys,
      checkpoint: transparency.checkpoint,
    })
    return { folder, secrets, service, transparency, exportLog, ids, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Half of the cores: the rest serves. */
function sealThreads(): number {
  return Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)))
}
