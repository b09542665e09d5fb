import { createReadStream, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { addAbortSignal } from 'node:stream'
import { CustodyError, quote } from '@custody/domain'
import type { Finding } from '@custody/event-log'
import { VERIFIER_KEYS_FILE } from '../../data-folder/signing-files.ts'
import type { CommandContext } from '../../terminal/command-context.ts'

/** How often the progress is written, in milliseconds. */
const EVERY_MS = 100

/** Checkpoints that were kept, with the keys that may have signed them; undefined where none is named. */
export function readKept(
  context: CommandContext,
  flags: { readonly checkpoint?: readonly string[]; readonly key?: string },
  dataDir: string,
): { readonly notes: readonly Buffer[]; readonly keys: string } | undefined {
  if (flags.checkpoint === undefined) return undefined
  return {
    notes: flags.checkpoint.map((file) => read(resolve(context.cwd, file), 'checkpoint')),
    keys: readKeys(context, flags.key, dataDir),
  }
}

/** A file, or standard input for `-`. @throws CustodyError `invalid_configuration` when it cannot be read */
export async function* readChunks(
  context: CommandContext,
  file: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const options = { highWaterMark: 256 * 1024 }
  const source =
    file === '-' ? process.stdin : createReadStream(resolve(context.cwd, file), options)
  if (signal) addAbortSignal(signal, source)
  try {
    yield* source
  } catch (cause) {
    signal?.throwIfAborted()
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `The export ${quote(file)} cannot be read: ${reason}`
    throw new CustodyError('invalid_configuration', message, { cause })
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
export function readKeys(
  context: CommandContext,
  key: string | undefined,
  dataDir: string,
): string {
  if (key?.startsWith('custody/') && key.includes('+')) return key
  const path =
    key === undefined ? join(dataDir, VERIFIER_KEYS_FILE) : resolve(context.cwd, key)
  return read(path, 'verifier key').toString('utf8')
}

/** Writes progress now and then. */
export function teller(progress: (text: string) => void) {
  let next = 0
  return (what: string, done: number, of: number | undefined) => {
    const now = performance.now()
    if (now < next && done !== of) return
    next = now + EVERY_MS
    progress(`${done}${of === undefined ? '' : ` of ${of}`} ${what}`)
  }
}

/** A line for each finding that is told, and their number beyond. */
export function* showFindings(report: {
  readonly findings: readonly Finding[]
  readonly count: number
}): Generator<string> {
  for (const finding of report.findings) yield showFinding(finding)
  const more = report.count - report.findings.length
  if (more > 0) yield `and ${more} more`
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
