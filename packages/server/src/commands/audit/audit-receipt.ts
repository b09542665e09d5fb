import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CustodyError, quote } from '@custody/domain'
import { type ReceiptReport, verifyReceipt } from '@custody/service'
import { configOf } from '../../config/config-of.ts'
import { VERIFIER_KEYS_FILE } from '../../data-folder/signing-files.ts'
import type { CommandContext } from '../../terminal/command-context.ts'

/**
 * `custody audit verify-receipt FILE`: with no server, and no data folder either where the key is given. Exit code 0
 * where the receipt holds, 1 where it counts for nothing or the content is another one, 2 where it could not be looked at.
 */
export async function auditVerifyReceipt(
  context: CommandContext,
  file: string,
  flags: { readonly key?: string; readonly content?: string; readonly json?: boolean },
): Promise<number> {
  let report: ReturnType<typeof verifyReceipt>
  let content: { readonly sha256: string; readonly bytes: number } | undefined
  try {
    const keys = readKeys(context, flags.key)
    report = verifyReceipt(read(context, file, 'receipt'), keys)
    if (flags.content !== undefined) content = await digest(context, flags.content)
  } catch (error) {
    if (!(error instanceof CustodyError)) throw error
    context.complain(error.message)
    return 2
  }
  const problem = 'problem' in report ? report.problem : contentProblem(report, content)
  if (flags.json) {
    context.print(JSON.stringify({ ok: problem === undefined, problem, ...report }))
  } else if (problem !== undefined || 'problem' in report) {
    context.print(`BAD: ${problem}`)
  } else for (const line of describe(report, content !== undefined)) context.print(line)
  return problem === undefined ? 0 : 1
}

/** A key, or a file of keys; by default those of the data folder. @throws CustodyError that says how to get one */
function readKeys(context: CommandContext, key: string | undefined): string {
  if (key?.startsWith('custody/') && key.includes('+')) return key
  const path = key ?? join(configOf(context).dataDir, VERIFIER_KEYS_FILE)
  let keys: string
  try {
    keys = readFileSync(resolve(context.cwd, path), 'utf8')
  } catch (cause) {
    throw noKey(`There is no verifier key at ${quote(path)}.`, cause)
  }
  if (keys.trim() === '') throw noKey(`The file ${quote(path)} holds no verifier key.`)
  return keys
}

function noKey(problem: string, cause?: unknown): CustodyError {
  return new CustodyError(
    'invalid_configuration',
    `${problem} A receipt proves nothing without the key of its log. Get it from whoever you trust, or from the server ` +
      `(GET /v1/log/key, or log.vkey in its data folder), and name it with --key.`,
    { cause },
  )
}

function read({ cwd }: CommandContext, path: string, what: string): Buffer {
  try {
    return readFileSync(resolve(cwd, path))
  } catch (cause) {
    throw unreadable(what, path, cause)
  }
}

async function digest({ cwd }: CommandContext, path: string) {
  const file = resolve(cwd, path)
  try {
    const hash = createHash('sha256')
    await pipeline(createReadStream(file), hash)
    return { sha256: hash.digest('hex'), bytes: statSync(file).size }
  } catch (cause) {
    throw unreadable('content', path, cause)
  }
}

function unreadable(what: string, path: string, cause: unknown): CustodyError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `The ${what} ${quote(path)} cannot be read: ${reason}`
  return new CustodyError('invalid_configuration', message, { cause })
}

function contentProblem(
  { sha256, bytes }: ReceiptReport,
  content: { readonly sha256: string; readonly bytes: number } | undefined,
): string | undefined {
  if (!content) return undefined
  if (sha256 === null) {
    return 'the receipt does not show the SHA-256 of a content: it was erased, or the event is no upload'
  }
  if (sha256 === content.sha256 && bytes === content.bytes) return undefined
  return (
    `the content is another one: ${content.bytes} bytes with SHA-256 ${content.sha256}, ` +
    `and the receipt is about ${bytes} with ${sha256}`
  )
}

function* describe(report: ReceiptReport, compared: boolean): Generator<string> {
  const { type, stream, time, actor, position, origin, size, sha256, bytes } = report
  yield `OK: ${type} ${stream}, ${time}, by ${actor}, project ${report.project}`
  yield `  event ${position} of ${origin}, which had ${size} when it signed`
  if (sha256 !== null) {
    const same = compared ? ', which the content has' : ''
    yield `  ${bytes} bytes, SHA-256 ${sha256}${same}`
  }
  if (report.withheld.length > 0) yield `  not shown: ${report.withheld.join(', ')}`
}
