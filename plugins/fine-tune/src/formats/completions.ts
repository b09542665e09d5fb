import { addTypeIssue } from '../add-type-issue.ts'
import { countShape } from '../format-tally.ts'
import type { JsonObject } from '../json-object.ts'
import type { Report } from '../report.ts'
import { warnOfUnknownKeys } from './warn-of-unknown-keys.ts'

const KEYS: ReadonlySet<string> = new Set(['prompt', 'completion'])

/** A completions example: `{prompt, completion}`, two strings. */
export function checkCompletions(report: Report, example: JsonObject): void {
  countShape(report.formats, 'completions', report.line)
  for (const key of KEYS) {
    if (typeof example[key] !== 'string') {
      addTypeIssue(report, key, 'a string', example[key])
    }
  }
  warnOfUnknownKeys(report, example, KEYS)
}
