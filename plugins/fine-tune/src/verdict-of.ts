import {
  accept,
  type Facts,
  type Issue,
  MAX_ISSUES,
  type Verdict,
} from '@custody/plugin-api'
import { type Format, formatOf, strayExamples } from './format-tally.ts'
import type { Report } from './report.ts'
import { listWarnings } from './warnings.ts'

/** OpenAI refuses a job whose file has fewer, but not the file. */
const MIN_EXAMPLES = 10

/** The verdict on a file when all of it was read, or as much as is worth reading. */
export function verdictOf(report: Report): Verdict {
  const stray = strayExamples(report.formats)
  if (report.issues.total > 0 || stray.issues.length > 0) {
    return {
      ok: false,
      issues: [...report.issues.issues, ...stray.issues]
        .sort(byLine)
        .slice(0, MAX_ISSUES),
      issueCounts: addCounts(report.issues.counts, stray.counts),
    }
  }
  const format = formatOf(report.formats)
  addFinalWarnings(report, format)
  return accept(factsOf(report, format), listWarnings(report.warnings))
}

function byLine(a: Issue, b: Issue): number {
  return (a.line ?? Number.POSITIVE_INFINITY) - (b.line ?? Number.POSITIVE_INFINITY)
}

function addCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a }
  for (const [code, count] of Object.entries(b)) sum[code] = (sum[code] ?? 0) + count
  return sum
}

function addFinalWarnings(report: Report, format: Format): void {
  // A reinforcement example has to end with the user's message.
  if (format === 'reinforcement') report.warnings.delete('last_message_not_assistant')
  if (report.examples < MIN_EXAMPLES) {
    const message = `Training file has ${report.examples} example(s), but must have at least ${MIN_EXAMPLES} examples`
    report.warnings.set('invalid_n_examples', {
      first: { code: 'invalid_n_examples', message, param: 'training_file' },
      count: 1,
    })
  }
}

function factsOf(report: Report, format: Format): Facts {
  const roles = Object.entries(report.roles).filter(([, count]) => count > 0)
  return {
    format,
    examples: report.examples,
    messages: Object.fromEntries(roles),
    tools: [...report.toolNames],
    tool_calls: report.toolCalls,
    images: report.images,
    weighted: report.hasWeights,
    longest_line: report.longestLine,
  }
}
