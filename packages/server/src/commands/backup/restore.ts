import { resolve } from 'node:path'
import { CustodyError } from '@custody/domain'
import { createIds } from '@custody/service'
import { restoreBackup } from '../../backup/restore/restore-backup.ts'
import type { RestoreReport } from '../../backup/restore/restore-report.ts'
import { configOf } from '../../config/config-of.ts'
import type { Config } from '../../config/load-config.ts'
import { layout } from '../../data-folder/data-folder.ts'
import { createLogger } from '../../logger.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { tellerOf } from './backup.ts'

/** `custody restore FOLDER`: exit code 1 where it is not restored, or content is missing. */
export async function restore(
  context: CommandContext,
  folder: string,
  flags: {
    readonly keys?: string
    readonly erasures?: string
    readonly checkpoint?: string
    readonly skipDamaged?: boolean
    readonly dataDir?: string
    readonly json?: boolean
  },
): Promise<number> {
  const { cwd } = context
  const config = configOf(context, { dataDir: flags.dataDir })
  const pathOf = (path: string | undefined) => path && resolve(cwd, path)
  const stop = new AbortController()
  const onSignal = (signal: string) =>
    stop.abort(
      new CustodyError(
        'data_folder_unusable',
        `Stopped by ${signal}; nothing was restored.`,
      ),
    )
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    const report = await restoreBackup({
      folder: resolve(cwd, folder),
      keysFolder: pathOf(flags.keys),
      erasures: pathOf(flags.erasures),
      checkpoint: pathOf(flags.checkpoint),
      skipDamaged: flags.skipDamaged === true,
      data: layout(config.dataDir),
      config,
      cwd,
      ids: createIds(Date.now),
      logger: createLogger('off'),
      now: Date.now(),
      monotonic: () => performance.now(),
      signal: stop.signal,
      ...tellerOf(context),
    })
    context.progress?.('')
    if (flags.json) context.print(JSON.stringify(report))
    else for (const line of describe(report, config)) context.print(line)
    if (flags.erasures === undefined && !flags.json) {
      context.print(
        `  What was erased, and keys that were revoked, after ${report.backup.made} are back: --erasures takes a newer erasures.log, if there is one`,
      )
    }
    const gone = report.damaged.length + report.lost
    for (const piece of report.damaged) context.complain(`left out: ${piece}`)
    if (gone > 0) {
      context.complain(
        `${gone} ${gone === 1 ? 'piece' : 'pieces'} of content are not there: reading the files that have them is refused as content_damaged.`,
      )
    }
    return gone === 0 ? 0 : 1
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

function* describe(report: RestoreReport, config: Config): Generator<string> {
  const { backup, blobs, old, verifierKey, missing } = report
  yield `Restored to ${config.dataDir}: log ${backup.log.id} as it was at ${backup.made}`
  yield `  ${backup.log.size} events, ${blobs.count} pieces of content, ${blobs.bytes} bytes`
  yield `  A new epoch begins, of which the log has an event (LogRestored); its key is ${verifierKey}`
  if (old.size > backup.log.size) {
    yield `  Lost: events ${backup.log.size + 1} to ${old.size}, of which the checkpoint tells that was given`
  }
  for (const { id, extents } of missing.master) {
    yield `  The master key ${id} is not there: ${extents} pieces of content cannot be opened without it, and no server starts. Put it into ${config.masterKey === undefined ? `${config.secretsDir}/master-key` : 'CUSTODY_MASTER_KEY'} (a backup of keys has it: --keys).`
  }
  if (missing.webhookSecrets > 0) {
    yield `  The key of the secrets of webhooks (webhook-key) is not there: ${missing.webhookSecrets} of them cannot be used, and have to be rotated.`
  }
}
