import { existsSync } from 'node:fs'
import { CustodyError } from '@custody/domain'
import {
  type LogReader,
  openSqliteLogReader,
  takeExclusiveLock,
} from '@custody/event-log'
import { projections } from '@custody/file-index'
import type { Config } from '../config/load-config.ts'
import { type DataFolder, layout } from '../data-folder/data-folder.ts'
import { readServerFile } from '../data-folder/server-file.ts'
import type { Check, CheckContext, CheckResult } from './check.ts'
import { checkClock } from './check-clock.ts'
import { checkConsumers } from './check-consumers.ts'
import { checkContent, checkDamage, checkOrphans, checkStaging } from './check-content.ts'
import { checkDatabase } from './check-database.ts'
import { checkDiskSpace } from './check-disk-space.ts'
import { checkFolders } from './check-folders.ts'
import { checkKeys } from './check-keys.ts'
import { checkIndex, checkLog } from './check-log.ts'
import { checkServer } from './check-server.ts'

/** Every check there is. What is quick comes first. */
export const checks: readonly Check[] = [
  checkServer,
  checkFolders,
  checkDiskSpace,
  checkDatabase,
  checkClock,
  checkKeys,
  checkConsumers,
  checkStaging,
  checkDamage,
  checkOrphans,
  checkLog,
  checkIndex,
  checkContent,
]

/** How a check went. */
export type CheckReport = CheckResult & {
  readonly check: string
  readonly status: 'ok' | 'findings' | 'skipped'
}

/**
 * Runs the checks on a data folder, one after the other. One that cannot look says so as a finding, and the others go on.
 *
 * Nothing is written, and no lock is held.
 */
export async function* runChecks(options: {
  readonly config: Config
  readonly cwd: string
  readonly quick: boolean
  /** Unix milliseconds. */
  readonly now: number
  readonly onProgress: CheckContext['onProgress']
}): AsyncGenerator<CheckReport> {
  const { config, quick } = options
  const folder = layout(config.dataDir)
  let opened: Promise<LogReader> | undefined
  const context: CheckContext = {
    ...options,
    folder,
    isInUse: isInUse(folder),
    server: readServerFile(folder),
    reader() {
      opened ??= openSqliteLogReader({
        path: folder.database,
        driver: config.sqliteDriver,
        projections,
      })
      return opened
    },
  }
  try {
    for (const check of checks) {
      if (quick && check.isLong) {
        yield {
          check: check.name,
          status: 'skipped',
          summary: 'takes long',
          findings: [],
        }
      } else yield await runCheck(check, context)
    }
  } finally {
    await (await opened?.catch(() => undefined))?.close()
  }
}

async function runCheck(check: Check, context: CheckContext): Promise<CheckReport> {
  try {
    const { summary, findings } = await check.run(context)
    const status = findings.length === 0 ? 'ok' : 'findings'
    return { check: check.name, status, summary, findings }
  } catch (error) {
    return {
      check: check.name,
      status: 'findings',
      summary: 'could not look',
      findings: [{ problem: reasonOf(error), action: check.otherwise }],
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof CustodyError) return error.message
  return `It could not be looked at: ${error instanceof Error ? error.message : String(error)}.`
}

/** Whether a process has the folder; undefined where nothing can be locked here, as in a copy that is only read. */
function isInUse({ lock }: DataFolder): boolean | undefined {
  if (!existsSync(lock)) return false
  try {
    const taken = takeExclusiveLock(lock)
    taken?.release()
    return taken === undefined
  } catch {
    return undefined
  }
}
