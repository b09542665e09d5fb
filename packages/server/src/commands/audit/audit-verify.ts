import { existsSync } from 'node:fs'
import { CustodyError } from '@custody/domain'
import { type ExportReport, verifyExport } from '../../audit/export/verify-export.ts'
import {
  type DataFolderReport,
  verifyDataFolder,
} from '../../audit/verify-data-folder.ts'
import { configOf } from '../../config/config-of.ts'
import { layout } from '../../data-folder/data-folder.ts'
import { loadKeyRing } from '../../data-folder/master-keys.ts'
import type { CommandContext } from '../../terminal/command-context.ts'
import { readChunks, readKept, readKeys, showFindings, teller } from './audit-input.ts'

type Flags = {
  readonly checkpoint?: readonly string[]
  readonly key?: string
  readonly blobs?: boolean
  readonly json?: boolean
}

/**
 * `custody audit verify [EXPORT]`: exit code 0 where all is as the log says, 1 where something is not, 2 where it
 * could not be looked at.
 */
export async function auditVerify(
  context: CommandContext,
  file: string | undefined,
  flags: Flags,
): Promise<number> {
  try {
    const { report, lines } =
      file === undefined
        ? await ofFolder(context, flags)
        : await ofExport(context, file, flags)
    context.progress?.('')
    if (flags.json) context.print(JSON.stringify({ ok: report.count === 0, ...report }))
    else for (const line of lines) context.print(line)
    return report.count === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    context.progress?.('')
    context.complain(error.message)
    return 2
  }
}

async function ofFolder(context: CommandContext, flags: Flags) {
  const config = configOf(context)
  const kept = readKept(context, flags, config.dataDir)
  // A log that extends a checkpoint is the one of its key. In a folder without a database, that is what is told.
  const isAsked = !kept && existsSync(layout(config.dataDir).database)
  const report = await verifyDataFolder({
    dataDir: config.dataDir,
    driver: config.sqliteDriver,
    now: Date.now(),
    ...(flags.blobs && { blobs: true, keys: loadKeyRing(config, context.cwd) }),
    ...(kept && { kept }),
    ...(isAsked && {
      trusted: readKeys(context, flags.key, config.dataDir),
      // The folder's own says no more than the folder.
      mustBeSigned: flags.key !== undefined,
    }),
    ...(context.progress && { onProgress: teller(context.progress) }),
  })
  return { report, lines: describe(report, flags.key !== undefined) }
}

async function ofExport(context: CommandContext, file: string, flags: Flags) {
  const config = configOf(context)
  const kept = readKept(context, flags, config.dataDir)
  const report = await verifyExport({
    chunks: readChunks(context, file),
    driver: config.sqliteDriver,
    ...(flags.blobs && { blobs: true }),
    ...(flags.key !== undefined && {
      keys: readKeys(context, flags.key, config.dataDir),
    }),
    ...(kept && { kept }),
    ...(context.progress && { onProgress: teller(context.progress) }),
  })
  return { report, lines: describeExport(report) }
}

function* describe(report: DataFolderReport, isKeyGiven: boolean): Generator<string> {
  yield* showFindings(report)
  for (const id of report.blobs?.marked ?? []) {
    yield `files ${id}: the log says that its content is damaged; custody scrub reads it again`
  }
  for (const id of report.blobs?.young ?? []) {
    yield `blobs ${id}: no event promises it yet; an upload may be under way`
  }
  const facts = [`${report.events} events`, `root ${report.root}`]
  if (report.checkpoint !== undefined) {
    facts.push(`extends the checkpoint at ${report.checkpoint}`)
  }
  if (isKeyGiven && report.signed !== undefined) {
    facts.push(`signed by the key up to ${report.signed}`)
  }
  if (report.blobs) {
    facts.push(`${report.blobs.extents} extents of ${report.blobs.bytes} bytes`)
    const { unread, absent } = report.blobs
    if (absent > 0) facts.push(`${absent} were not imported with the log`)
    if (unread > 0) facts.push(`${unread} sealed ones not read: no master key is here`)
  }
  if (report.count === 0) yield `OK: ${facts.join(', ')}`
  else {
    const { count, events } = report
    yield `BAD: ${count} ${count === 1 ? 'finding' : 'findings'} in ${events} events`
  }
}

function* describeExport(report: ExportReport): Generator<string> {
  yield* showFindings(report)
  const { events, root, origin, isTrusted, checkpoint, blobs, count } = report
  if (count > 0) {
    yield `BAD: ${count} ${count === 1 ? 'finding' : 'findings'} in ${events} events`
    return
  }
  const facts = [`${events} events`, `root ${root}`]
  const whose = isTrusted
    ? 'the key that was given'
    : 'a key that the export names itself'
  facts.push(`signed as ${origin} by ${whose}`)
  if (checkpoint !== undefined) facts.push(`extends the checkpoint at ${checkpoint}`)
  if (blobs.extents > 0) facts.push(`${blobs.extents} extents of ${blobs.bytes} bytes`)
  if (blobs.absent > 0) facts.push(`${blobs.absent} extents are not in it`)
  yield `OK: ${facts.join(', ')}`
}
