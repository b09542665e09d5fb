import { typeWithArticle } from './json-object.ts'
import { addIssue, type Report } from './report.ts'

/** Reports a field that is missing or of another type than expected. */
export function addTypeIssue(
  report: Report,
  param: string,
  expected: string,
  value: unknown,
): void {
  if (value === undefined) {
    const message = `Missing required parameter: '${param}'.`
    addIssue(report, 'missing_required_parameter', message, param)
  } else {
    const message = `Invalid type for '${param}': expected ${expected}, but got ${typeWithArticle(value)} instead.`
    addIssue(report, 'invalid_type', message, param)
  }
}
