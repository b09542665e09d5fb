import { resolve } from 'node:path'
import { createIds } from '@custody/service'
import { checkBackup } from '../../backup/check-backup.ts'
import type { BackupReport } from '../../backup/make/backup-report.ts'
import { makeBackup } from '../../backup/make/make-backup.ts'
import { configOf } from '../../config/config-of.ts'
import type { Config } from '../../config/load-config.ts'
import { layout } from '../../data-folder/data-folder.ts'
import { runningAdminApi } from '../../deployment/with-admin-api.ts'
import type { CommandContext } from '../../terminal/command-context.ts'

/** How often the progress is written, in milliseconds. */
const EVERY_MS = 100

/** `custody backup FOLDER`: exit code 1 where files have lost content, which the backup cannot have. */
export async function backup(
  context: CommandContext,
  folder: string,
  flags: {
    readonly keys?: string
    readonly link?: boolean
    readonly dataDir?: string
    readonly json?: boolean
  },
): Promise<number> {
  const config = configOf(context, { dataDir: flags.dataDir })
  const report = await makeBackup({
    data: layout(config.dataDir),
    folder: resolve(context.cwd, folder),
    keysFolder: flags.keys === undefined ? undefined : resolve(context.cwd, flags.keys),
    config,
    cwd: context.cwd,
    link: flags.link === true,
    newId: createIds(Date.now).uuid,
    now: () => new Date(),
    askCheckpoint: () => askCheckpoint(context, config),
    ...tellerOf(context),
  })
  context.progress?.('')
  if (flags.json) context.print(JSON.stringify(report))
  else for (const line of describe(report, config)) context.print(line)
  const { count, extents } = report.lost
  if (count === 0) return 0
  context.complain(
    `${count} ${count === 1 ? 'piece' : 'pieces'} of content could not be backed up, since the data folder lacks what the database has: ${extents.join(', ')}${count > extents.length ? ' …' : ''}. See custody audit verify --blobs.`,
  )
  return 1
}

/** `custody backup verify FOLDER`: exit code 1 where something is not what was backed up. */
export async function verifyBackup(
  context: CommandContext,
  folder: string,
  flags: { readonly json?: boolean },
): Promise<number> {
  const { facts, damaged, lost, older } = await checkBackup({
    folder: resolve(context.cwd, folder),
    now: Date.now(),
    ...tellerOf(context),
  })
  context.progress?.('')
  const ok = damaged.length === 0
  if (flags.json) {
    context.print(JSON.stringify({ ok, ...facts, damaged, lost, older }))
    return ok ? 0 : 1
  }
  for (const problem of damaged) context.print(problem)
  const { log, blobs, made } = facts
  if (ok) {
    context.print(
      `OK: backup of ${made}, ${log.size} events, root ${log.root}, ${blobs.count} pieces of content, ${blobs.bytes} bytes`,
    )
    if (older !== null) {
      context.print(`The log was not verified, which a restore does: ${older}`)
    }
    if (lost > 0) context.print(`${lost} pieces of content were lost before it was made`)
    return 0
  }
  context.print(`BAD: ${damaged.length} in the backup of ${made}`)
  return 1
}

/** Where a server runs, so that the snapshot has a checkpoint of nearly all that it holds. */
async function askCheckpoint(context: CommandContext, config: Config): Promise<void> {
  try {
    const api = await runningAdminApi(config)
    await api?.log('/checkpoint')
  } catch (error) {
    // A disk that is full is no reason for no backup.
    const why = error instanceof Error ? error.message : String(error)
    context.complain(
      `The server signed no checkpoint (${why}); the backup has the one that was signed last.`,
    )
  }
}

export function tellerOf({ progress }: Pick<CommandContext, 'progress'>): {
  readonly onProgress?: (text: string) => void
} {
  if (!progress) return {}
  let next = 0
  return {
    onProgress(text) {
      const now = performance.now()
      if (now < next) return
      next = now + EVERY_MS
      progress(text)
    },
  }
}

function* describe(report: BackupReport, config: Config): Generator<string> {
  const { log, blobs, copied, kept, removed, keys, made } = report
  yield `Backup of log ${log.id}, ${log.size} events, of ${made}`
  yield `  content: ${blobs.count} pieces, ${blobs.bytes} bytes; ${copied.count} copied (${copied.bytes} bytes), ${kept} there already, ${removed} removed`
  if (keys) yield `  keys: ${keys.join(', ') || 'none'}`
  else yield '  keys: none, as --keys was not given'
  if (config.masterKey !== undefined) {
    yield '  The master key is that of CUSTODY_MASTER_KEY: keep it yourself, sealed content is lost without it.'
  } else if (!keys) {
    yield `  Keep ${config.secretsDir} elsewhere: sealed content is lost without its master key.`
  }
}
