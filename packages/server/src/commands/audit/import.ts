import { CustodyError } from '@custody/domain'
import { configOf } from '../../config/config-of.ts'
import { importExport } from '../../import/import-export.ts'
import { createLogger } from '../../logger.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { readChunks, readKept, readKeys, showFindings, teller } from './audit-input.ts'

/**
 * `custody import EXPORT`: a deployment of its own, of an export. Exit code 1 where the export is not what it says, and 2
 * where it or the data folder cannot be used; nothing is left behind then.
 */
export async function importLog(
  context: CommandContext,
  file: string,
  flags: {
    readonly checkpoint?: readonly string[]
    readonly key?: string
    readonly withoutContent?: boolean
  },
): Promise<number> {
  const stop = new AbortController()
  const onSignal = () =>
    stop.abort(
      new CustodyError(
        'invalid_export',
        'The import was stopped; nothing of it is left.',
      ),
    )
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    const config = configOf(context)
    const keys =
      flags.key === undefined ? undefined : readKeys(context, flags.key, config.dataDir)
    const kept = readKept(context, flags, config.dataDir)
    const { report, verifierKey } = await importExport({
      config,
      logger: createLogger('off'),
      cwd: context.cwd,
      chunks: readChunks(context, file, stop.signal),
      withoutContent: flags.withoutContent ?? false,
      signal: stop.signal,
      ...(keys !== undefined && { keys }),
      ...(kept && { kept }),
      ...(context.progress && { onProgress: teller(context.progress) }),
    })
    context.progress?.('')
    if (verifierKey === undefined) {
      for (const line of showFindings(report)) context.print(line)
      context.print('Nothing was imported.')
      return 1
    }
    const { events, root, blobs } = report
    context.print(
      `Imported ${events} events, root ${root}, ${blobs.extents} extents of ${blobs.bytes} bytes`,
    )
    if (blobs.absent > 0)
      context.print(`  without ${blobs.absent} extents, which the export did not have`)
    context.print(`  Log key    ${verifierKey}`)
    context.print(`  Start it:  custody serve --data-dir '${config.dataDir}'`)
    return 0
  } catch (error) {
    context.progress?.('')
    if (!(error instanceof CustodyError)) throw error
    context.complain(error.message)
    return 2
  } finally {
    process.removeListener('SIGINT', onSignal)
    process.removeListener('SIGTERM', onSignal)
  }
}
