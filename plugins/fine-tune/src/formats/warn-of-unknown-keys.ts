import type { JsonObject } from '../json-object.ts'
import { quote } from '../quote.ts'
import { addWarning, type Report } from '../report.ts'

/** OpenAI refuses further keys at the job, other trainers use them: a warning. */
export function warnOfUnknownKeys(
  report: Report,
  example: JsonObject,
  known: ReadonlySet<string>,
): void {
  for (const key in example) {
    if (known.has(key)) continue
    addWarning(
      report,
      'example_unrecognized_key',
      `The example contains an extra ${quote(key)}.`,
      key.length <= 64 ? key : undefined,
    )
  }
}
