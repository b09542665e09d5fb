import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { CustodyError, quote } from '@custody/domain'
import type { Finding } from '@custody/event-log'
import { type DataFolderReport, verifyDataFolder } from '../audit/verify-data-folder.ts'
import { loadKeyRing } from '../data-folder/master-keys.ts'
import { VERIFIER_KEYS_FILE } from '../data-folder/signing-files.ts'
import { type CommandContext, configOf } from './command-context.ts'

/** How often the progress is written, in milliseconds. */
const EVERY_MS = 100

/**
 * `custody audit verify`: exit code 0 where all is as the log says, 1 where something is not, 2 where it
 * could not be looked at.
 */
export async function auditVerify(
  context: CommandContext,
  flags: {
    readonly checkpoint?: readonly string[]
    readonly key?: string
    readonly blobs?: boolean
    readonly json?: boolean
  },
): Promise<number> {
  try {
    const config = configOf(context)
    const kept =
      flags.checkpoint === undefined
        ? undefined
        : {
            notes: flags.checkpoint.map((file) =>
              read(resolve(context.cwd, file), 'checkpoint'),
            ),
            keys: readKeys(context, flags.key, config.dataDir),
          }
    const report = await verifyDataFolder({
      dataDir: config.dataDir,
      driver: config.sqliteDriver,
      now: Date.now(),
      ...(flags.blobs && { blobs: true, keys: loadKeyRing(config, context.cwd) }),
      ...(kept && { kept }),
      ...(context.progress && { onProgress: teller(context.progress) }),
    })
    context.progress?.('')
    if (flags.json) context.print(JSON.stringify({ ok: report.count === 0, ...report }))
    else for (const line of describe(report)) context.print(line)
    return report.count === 0 ? 0 : 1
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    context.progress?.('')
    context.complain(error.message)
    return 2
  }
}

function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `The ${what} ${quote(path)} cannot be read: ${reason}`
    throw new CustodyError('invalid_configuration', message, { cause })
  }
}

/** Keys on the command line, or in the file of that name, or those in the data folder. */
function readKeys(
  context: CommandContext,
  key: string | undefined,
  dataDir: string,
): string {
  if (key?.startsWith('custody/') && key.includes('+')) return key
  const path =
    key === undefined ? join(dataDir, VERIFIER_KEYS_FILE) : resolve(context.cwd, key)
  return read(path, 'verifier key').toString('utf8')
}

function teller(progress: (text: string) => void) {
  let next = 0
  return (what: string, done: number, of: number | undefined) => {
    const now = performance.now()
    if (now < next && done !== of) return
    next = now + EVERY_MS
    progress(`${done}${of === undefined ? '' : ` of ${of}`} ${what}`)
  }
}

function* describe(report: DataFolderReport): Generator<string> {
  for (const finding of report.findings) yield showFinding(finding)
  const more = report.count - report.findings.length
  if (more > 0) yield `and ${more} more`
  for (const id of report.blobs?.young ?? []) {
    yield `blobs ${id}: no event promises it yet; an upload may be under way`
  }
  const facts = [`${report.events} events`, `root ${report.root}`]
  if (report.checkpoint !== undefined) {
    facts.push(`extends the checkpoint at ${report.checkpoint}`)
  }
  if (report.blobs) {
    facts.push(`${report.blobs.extents} extents of ${report.blobs.bytes} bytes`)
    const { unread } = report.blobs
    if (unread > 0) facts.push(`${unread} sealed ones not read: no master key is here`)
  }
  if (report.count === 0) yield `OK: ${facts.join(', ')}`
  else {
    const { count, events } = report
    yield `BAD: ${count} ${count === 1 ? 'finding' : 'findings'} in ${events} events`
  }
}

/** `events 15, actor: is not what the record says (expected "…", found "…")` */
function showFinding({ table, key, column, problem, expected, found }: Finding): string {
  const where = [`${table} ${key}`.trim(), column].filter((part) => part !== undefined)
  const values = [
    expected !== undefined && `expected ${expected}`,
    found !== undefined && `found ${found}`,
  ].filter((text) => text !== false)
  const detail = values.length > 0 ? ` (${values.join(', ')})` : ''
  return `${where.join(', ')}: ${problem}${detail}`
}
