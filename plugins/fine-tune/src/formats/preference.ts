import { addTypeIssue } from '../add-type-issue.ts'
import { checkMessages } from '../conversation/check-messages.ts'
import { checkTools } from '../conversation/check-tools.ts'
import { countShape } from '../format-tally.ts'
import { isJsonObject, type JsonObject } from '../json-object.ts'
import { quote } from '../quote.ts'
import { addIssue, addWarning, type Report } from '../report.ts'
import { warnOfUnknownKeys } from './warn-of-unknown-keys.ts'

const KEYS: ReadonlySet<string> = new Set([
  'input',
  'preferred_output',
  'non_preferred_output',
])

/** A preference (DPO) example: a conversation and two answers to it, one assistant message each. */
export function checkPreference(report: Report, example: JsonObject): void {
  countShape(report.formats, 'preference', report.line)
  const { input } = example
  const tools = isJsonObject(input) ? input.tools : undefined
  if (isJsonObject(input)) checkInput(report, input)
  else addTypeIssue(report, 'input', 'an object', input)
  checkOutput(report, example.preferred_output, 'preferred_output', tools)
  checkOutput(report, example.non_preferred_output, 'non_preferred_output', tools)
  warnOfUnknownKeys(report, example, KEYS)
}

function checkInput(report: Report, input: JsonObject): void {
  const { messages, tools, parallel_tool_calls: parallel } = input
  if (tools !== undefined) checkTools(report, tools, 'input.tools')
  if (parallel !== undefined && typeof parallel !== 'boolean') {
    addTypeIssue(report, 'input.parallel_tool_calls', 'a boolean', parallel)
  }
  const conversation = checkMessages(report, messages, 'input.messages', tools)
  if (conversation?.lastRole === 'assistant') {
    const message = 'The input ends with an assistant message; the outputs answer it.'
    addWarning(report, 'input_ends_with_assistant', message, 'input.messages')
  }
}

function checkOutput(
  report: Report,
  output: unknown,
  param: string,
  tools: unknown,
): void {
  if (!Array.isArray(output)) {
    addTypeIssue(report, param, 'an array with one assistant message', output)
    return
  }
  if (output.length !== 1) {
    const message = `Invalid '${param}': expected an array with one assistant message, but got ${output.length} messages instead.`
    addIssue(report, 'invalid_output', message, param)
    return
  }
  const [answer] = output
  if (
    isJsonObject(answer) &&
    typeof answer.role === 'string' &&
    answer.role !== 'assistant'
  ) {
    const message = `Invalid '${param}': expected an assistant message, but got one of role ${quote(answer.role)} instead.`
    addIssue(report, 'invalid_output', message, `${param}[0].role`)
    return
  }
  checkMessages(report, output, param, tools)
}
