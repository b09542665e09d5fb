import { addIssue, type Batch } from './batch.ts'
import { typeWithArticle } from './json-object.ts'

/** Reports a required field that is missing or of another type than expected. */
export function addTypeIssue(
  batch: Batch,
  line: number,
  param: string,
  expected: 'a string' | 'an object',
  value: unknown,
): void {
  if (value === undefined) {
    const message = `Missing required parameter: '${param}'.`
    addIssue(batch, line, 'missing_required_parameter', message, param)
  } else {
    const message = `Invalid type for '${param}': expected ${expected}, but got ${typeWithArticle(value)} instead.`
    addIssue(batch, line, 'invalid_type', message, param)
  }
}
