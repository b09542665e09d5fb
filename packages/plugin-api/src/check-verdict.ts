import { Buffer } from 'node:buffer'
import { type Issue, MAX_ISSUES, type Rejected, reject } from './verdict.ts'

/** Bytes of JSON that the facts of one verdict may have. */
export const MAX_FACTS_BYTES = 8 * 1024

/** Objects and arrays within each other that the facts of one verdict may have. */
export const MAX_FACTS_DEPTH = 100

const MAX_CODE = 64
const MAX_MESSAGE = 1000
const MAX_PARAM = 256

/** A verdict that keeps the rules: facts as the JSON text that is recorded, issues with known fields only. */
export type CheckedVerdict =
  | {
      readonly ok: true
      readonly factsJson: string
      readonly warnings: readonly Issue[]
    }
  | Rejected

/**
 * Checks what a validator returned: shape, size and depth of the facts, number of issues. Texts that are too long are
 * cut, and lone surrogates in facts become U+FFFD.
 *
 * @throws TypeError that says what is wrong
 */
export function checkVerdict(value: unknown): CheckedVerdict {
  if (!isRecord(value) || typeof value.ok !== 'boolean') {
    throw new TypeError(`a verdict is accept(…) or reject(…), not ${describe(value)}`)
  }
  if (value.ok) {
    return {
      ok: true,
      factsJson: factsAsJson(value.facts),
      warnings: isEmptyArray(value.warnings) ? [] : checkIssues(value.warnings),
    }
  }
  const issues = checkIssues(value.issues)
  if (issues.length === 0) throw new TypeError('a refusal needs at least one issue')
  return { ok: false, issues, issueCounts: checkCounts(value.issueCounts) }
}

/**
 * The verdict that stands for an error of the reader that a validator let pass; undefined for any other
 * error. Told by its name, since a plugin may have brought a copy of this package.
 */
export function verdictOfReadError(error: unknown): Rejected | undefined {
  if (!(error instanceof Error) || error.name !== 'FileReadError') return undefined
  if (!('code' in error) || typeof error.code !== 'string') return undefined
  if (!('line' in error) || typeof error.line !== 'number') return undefined
  return reject({ code: error.code, message: error.message, line: error.line })
}

function factsAsJson(facts: unknown): string {
  if (!isRecord(facts)) throw new TypeError(`facts are an object, not ${describe(facts)}`)
  let json = JSON.stringify(facts)
  if (json.length > 2 * MAX_FACTS_DEPTH && isDeep(json)) {
    throw new TypeError(
      `facts are nested more than ${MAX_FACTS_DEPTH} deep; at most ${MAX_FACTS_DEPTH} are kept`,
    )
  }
  // JSON.stringify writes lone surrogates as escapes; canonical JSON has no form for them.
  if (/\\ud[89a-f]/.test(json)) json = JSON.stringify(wellFormed(JSON.parse(json)))
  const bytes = json.length * 3 <= MAX_FACTS_BYTES ? 0 : Buffer.byteLength(json)
  if (bytes > MAX_FACTS_BYTES) {
    throw new TypeError(
      `facts have ${bytes} bytes of JSON; at most ${MAX_FACTS_BYTES} are kept`,
    )
  }
  return json
}

/** By its text: a value as deep as it likes could not be walked. */
function isDeep(json: string): boolean {
  let depth = 0
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/g)) {
    if (token === '{' || token === '[') depth += 1
    else if (token === '}' || token === ']') depth -= 1
    if (depth > MAX_FACTS_DEPTH) return true
  }
  return false
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(wellFormed)
  if (!isRecord(value)) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([k, v]) => [k.toWellFormed(), wellFormed(v)]))
}

function checkIssues(value: unknown): Issue[] {
  if (!Array.isArray(value)) {
    throw new TypeError(`issues are an array, not ${describe(value)}`)
  }
  return value.slice(0, MAX_ISSUES).map(checkIssue)
}

function checkIssue(value: unknown): Issue {
  if (!isRecord(value)) {
    throw new TypeError(`an issue is { code, message, … }, not ${describe(value)}`)
  }
  const { code, message, param, line, column } = value
  if (typeof code !== 'string' || code === '' || code.length > MAX_CODE) {
    throw new TypeError(
      `an issue's code is a text of 1 to ${MAX_CODE}, not ${describe(code)}`,
    )
  }
  if (typeof message !== 'string' || message === '') {
    throw new TypeError(`an issue's message is a text, not ${describe(message)}`)
  }
  if (param !== undefined && typeof param !== 'string') {
    throw new TypeError(`an issue's param is a text, not ${describe(param)}`)
  }
  checkOrdinal('line', line)
  checkOrdinal('column', column)
  return {
    code,
    message: cut(message, MAX_MESSAGE),
    ...(param === undefined ? {} : { param: cut(param, MAX_PARAM) }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  }
}

function checkOrdinal(name: string, value: unknown): asserts value is number | undefined {
  if (value === undefined) return
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new TypeError(`an issue's ${name} is an integer from 1, not ${describe(value)}`)
  }
}

function checkCounts(value: unknown): Record<string, number> {
  if (!isRecord(value)) {
    throw new TypeError(`issueCounts are an object, not ${describe(value)}`)
  }
  const counts: Record<string, number> = {}
  for (const [code, count] of Object.entries(value)) {
    if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1) {
      throw new TypeError(
        `an issue count is an integer from 1, not ${describe(count)} for ${describe(code)}`,
      )
    }
    counts[code] = count
  }
  return counts
}

function cut(text: string, length: number): string {
  const cutText = text.length > length ? `${text.slice(0, length - 1)}…` : text
  return cutText.toWellFormed()
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(cut(value, 64))
  if (value === null || typeof value !== 'object') return String(value)
  return Array.isArray(value) ? 'an array' : 'an object'
}

function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
