import { collectIssues, type IssueCollector } from '@custody/plugin-api'
import { type FormatTally, startTally } from './format-tally.ts'
import type { IssueCode, WarningCode } from './issue-codes.ts'
import { DEFAULT_MAX_IMAGES_PER_EXAMPLE, type FineTuneOptions } from './options.ts'
import type { Warnings } from './warnings.ts'

/** What is known of a training file while its lines are read. */
export type Report = {
  readonly maxImagesPerExample: number
  readonly messageKeys: ReadonlySet<string>
  readonly issues: IssueCollector
  readonly warnings: Warnings
  readonly formats: FormatTally
  /** The line that is being checked. */
  line: number
  /** Lines that are not blank. */
  examples: number
  /** Longest line, in UTF-16 code units. */
  longestLine: number
  /** Messages by role. */
  readonly roles: Record<Role, number>
  /** Names of defined functions, at most {@link MAX_TOOL_NAMES}. */
  readonly toolNames: Set<string>
  toolCalls: number
  images: number
  imageExamples: number
  hasWeights: boolean
}

export const ROLES = [
  'system',
  'developer',
  'user',
  'assistant',
  'tool',
  'function',
] as const

export type Role = (typeof ROLES)[number]

export const MAX_TOOL_NAMES = 16

export function startReport(options: FineTuneOptions): Report {
  return {
    maxImagesPerExample: options.maxImagesPerExample ?? DEFAULT_MAX_IMAGES_PER_EXAMPLE,
    messageKeys: new Set(options.messageKeys),
    issues: collectIssues(),
    warnings: new Map(),
    formats: startTally(),
    line: 0,
    examples: 0,
    longestLine: 0,
    roles: { system: 0, developer: 0, user: 0, assistant: 0, tool: 0, function: 0 },
    toolNames: new Set(),
    toolCalls: 0,
    images: 0,
    imageExamples: 0,
    hasWeights: false,
  }
}

/** A file as wrong as this is no training file: reading on would only cost time. */
const MAX_ISSUES_READ = 10_000

/** Whether so many issues were found that the rest, of a long line too, is not worth a look. */
export function isHopeless(report: Report): boolean {
  return report.issues.total >= MAX_ISSUES_READ
}

/** Reports an issue of the current line: the file will be refused. */
export function addIssue(
  report: Report,
  code: IssueCode,
  message: string,
  param?: string,
): void {
  const { line } = report
  report.issues.add(
    param === undefined ? { code, message, line } : { code, message, param, line },
  )
}

/** Reports a doubt about the current line: the file can still be accepted. */
export function addWarning(
  report: Report,
  code: WarningCode,
  message: string,
  param?: string,
): void {
  const known = report.warnings.get(code)
  if (known !== undefined) {
    known.count += 1
    return
  }
  const { line } = report
  const first =
    param === undefined ? { code, message, line } : { code, message, param, line }
  report.warnings.set(code, { first, count: 1 })
}
