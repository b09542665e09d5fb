import {
  FileReadError,
  type PluginFile,
  reject,
  type ValidateContext,
  type Verdict,
} from '@custody/plugin-api'
import { checkExample } from './check-example.ts'
import { isJsonObject } from './json-object.ts'
import type { FineTuneOptions } from './options.ts'
import { addIssue, isHopeless, type Report, startReport } from './report.ts'
import { verdictOf } from './verdict-of.ts'

/**
 * Checks every example of a training file and reports all issues, with their lines.
 * Reads the file once, from front to back, and never asks for its size.
 */
export async function validateTrainingFile(
  file: PluginFile,
  context: ValidateContext<FineTuneOptions>,
): Promise<Verdict> {
  const report = startReport(context.options)
  try {
    await readExamples(file, report)
  } catch (error) {
    if (!(error instanceof FileReadError)) throw error
    report.issues.add({ code: error.code, message: error.message, line: error.line })
    return verdictOf(report)
  }
  if (report.examples === 0 && !isHopeless(report)) {
    return reject({
      code: 'empty_file',
      message: 'The training file is empty. It must have at least one example.',
    })
  }
  return verdictOf(report)
}

async function readExamples(file: PluginFile, report: Report): Promise<void> {
  let blankLine = 0
  for await (const lines of file.lineBatches()) {
    for (const { number, text } of lines) {
      if (blankLine !== 0) {
        report.line = blankLine
        blankLine = 0
        addLineIssue(report, 'invalid_json_line', '')
      }
      report.line = number
      const example = parseLine(text)
      // A blank line is let through at the end of the file only: wait for the next one.
      if (example === undefined && text.trim() === '') blankLine = number
      else checkLine(report, example, text)
      if (isHopeless(report)) {
        const message = `The file has at least ${report.issues.total} issues. Reading stopped here.`
        addIssue(report, 'too_many_issues', message)
        return
      }
    }
  }
}

function checkLine(report: Report, example: unknown, text: string): void {
  report.examples += 1
  if (text.length > report.longestLine) report.longestLine = text.length
  if (isJsonObject(example)) checkExample(report, example)
  else if (example === undefined) addLineIssue(report, 'invalid_json_line', text)
  else addLineIssue(report, 'data_type', text)
}

/** The value of a line; undefined when it is not JSON. */
function parseLine(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** OpenAI's words for a file that is no JSONL; its clients look for them. */
function addLineIssue(
  report: Report,
  code: 'invalid_json_line' | 'data_type',
  text: string,
): void {
  const start = [...text.slice(0, 6)].slice(0, 3).join('').replace(/\p{C}/gu, '\uFFFD')
  const message = `Expected file to have JSONL format, where every line is a valid JSON dictionary. Line ${report.line} is not a dictionary (HINT: line starts with: "${start}...").`
  addIssue(report, code, message)
}
