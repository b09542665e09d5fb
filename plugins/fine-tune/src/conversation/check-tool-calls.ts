import { addTypeIssue } from '../add-type-issue.ts'
import { isJsonObject, typeWithArticle } from '../json-object.ts'
import { quote } from '../quote.ts'
import { addIssue, addWarning, isHopeless, type Report } from '../report.ts'
import { definesTool, isFunctionName } from './check-tools.ts'
import type { Conversation } from './conversation.ts'

/** `tool_calls` of an assistant message: `[{id, type: 'function', function: {name, arguments}}]`. */
export function checkToolCalls(
  report: Report,
  conversation: Conversation,
  calls: unknown,
  at: string,
): void {
  if (!Array.isArray(calls) || calls.length === 0) {
    const got = Array.isArray(calls) ? 'an empty array' : typeWithArticle(calls)
    const message = `Invalid tool calls: expected an array of objects, but got ${got} instead.`
    addIssue(report, 'invalid_tool_call', message, at)
    return
  }
  conversation.calls ??= new Set()
  conversation.unanswered = new Set()
  for (let n = 0; n < calls.length && !isHopeless(report); n += 1) {
    checkToolCall(report, conversation, calls[n], `${at}[${n}]`)
  }
}

/** `function_call`, the deprecated form: `{name, arguments}`. */
export function checkFunctionCall(report: Report, call: unknown, at: string): void {
  report.toolCalls += 1
  if (!isJsonObject(call)) {
    addCallIssue(report, at, 'an object', call)
    return
  }
  if (!isFunctionName(call.name)) addNameIssue(report, call.name, `${at}.name`)
  checkArguments(report, call.arguments, `${at}.arguments`)
}

/** `tool_call_id` of a tool message: the id of a call that was made before. */
export function checkToolResult(
  report: Report,
  conversation: Conversation,
  id: unknown,
  at: string,
): void {
  if (id === undefined) {
    const message = "The message has no 'tool_call_id'."
    addIssue(report, 'message_missing_key', message, `${at}.tool_call_id`)
  } else if (typeof id !== 'string') {
    addTypeIssue(report, `${at}.tool_call_id`, 'a string', id)
  } else if (!conversation.calls?.has(id)) {
    const message = `The tool_call_id ${quote(id)} is not the id of a tool call in an earlier assistant message.`
    addIssue(report, 'unknown_tool_call_id', message, `${at}.tool_call_id`)
  } else {
    conversation.unanswered?.delete(id)
  }
}

function checkToolCall(
  report: Report,
  conversation: Conversation,
  call: unknown,
  at: string,
): void {
  report.toolCalls += 1
  if (!isJsonObject(call)) {
    addCallIssue(report, at, 'an object', call)
    return
  }
  const { id, type, function: target } = call
  if (typeof id === 'string') {
    conversation.calls?.add(id)
    conversation.unanswered?.add(id)
  } else {
    addCallIssue(report, `${at}.id`, 'a string', id)
  }
  if (type !== 'function') {
    const shown = typeof type === 'string' ? quote(type) : undefined
    addCallIssue(report, `${at}.type`, "'function'", type, shown)
  }
  if (!isJsonObject(target)) {
    addCallIssue(report, `${at}.function`, 'an object', target)
    return
  }
  const { name } = target
  if (!isFunctionName(name)) {
    addNameIssue(report, name, `${at}.function.name`)
  } else if (!definesTool(conversation.tools, name)) {
    const message = `The function ${quote(name)} is called, but not defined in the example's 'tools'.`
    addWarning(report, 'undefined_tool', message, `${at}.function.name`)
  }
  checkArguments(report, target.arguments, `${at}.function.arguments`)
}

/**
 * `arguments`: a string. That it holds JSON is no rule of the format: a model's own answers, from which
 * examples are made, may break it, and OpenAI is not known to refuse it.
 */
function checkArguments(report: Report, value: unknown, at: string): void {
  if (typeof value !== 'string') {
    addCallIssue(report, at, 'a string with JSON in it', value)
  } else if (!isJson(value)) {
    const message = `The arguments ${quote(value)} are not parseable as JSON: the model would learn to write such.`
    addWarning(report, 'invalid_tool_arguments', message, at)
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function addNameIssue(report: Report, name: unknown, at: string): void {
  const shown = typeof name === 'string' ? quote(name) : undefined
  const expected = "1 to 64 of the characters a-z, A-Z, 0-9, '_' and '-'"
  addCallIssue(report, at, expected, name, shown)
}

function addCallIssue(
  report: Report,
  param: string,
  expected: string,
  value: unknown,
  shown?: string,
): void {
  const got =
    value === undefined
      ? 'it is missing'
      : `got ${shown ?? typeWithArticle(value)} instead`
  const message = `Invalid tool call: expected ${expected}, but ${got}.`
  addIssue(report, 'invalid_tool_call', message, param)
}
