import { addTypeIssue } from '../add-type-issue.ts'
import { isJsonObject, type JsonObject, typeWithArticle } from '../json-object.ts'
import { quote } from '../quote.ts'
import { addIssue, addWarning, type Report, ROLES, type Role } from '../report.ts'
import { checkContent } from './check-content.ts'
import { checkFunctionCall, checkToolCalls, checkToolResult } from './check-tool-calls.ts'
import type { Conversation } from './conversation.ts'

/** One message, at its place in the conversation. */
export function checkMessage(
  report: Report,
  conversation: Conversation,
  message: unknown,
  at: string,
): void {
  const before = conversation.lastRole
  conversation.lastRole = undefined
  if (!isJsonObject(message)) {
    addTypeIssue(report, at, 'an object', message)
    return
  }
  const { role } = message
  if (!isRole(role)) {
    reportRole(report, role, at)
    return
  }
  conversation.lastRole = role
  report.roles[role] += 1
  checkKeys(report, message, role, at)
  if (message.weight !== undefined) checkWeight(report, message.weight, role, at)
  if (message.name !== undefined && typeof message.name !== 'string') {
    addTypeIssue(report, `${at}.name`, 'a string', message.name)
  }
  if (role === 'tool') checkToolResult(report, conversation, message.tool_call_id, at)
  else warnOfMissingResults(report, conversation, at)
  if (role === before && role !== 'tool') {
    const text = `Two messages in a row have the role '${role}', which some trainers refuse.`
    addWarning(report, 'consecutive_roles', text, at)
  }
  switch (role) {
    case 'assistant':
      conversation.hasAssistant = true
      checkAssistant(report, conversation, message, at)
      break
    case 'user':
      conversation.hasUser = true
      checkContent(report, conversation, message, role, at)
      break
    case 'function':
      if (message.name === undefined) addMissingKey(report, 'name', at)
      checkContent(report, conversation, message, role, at)
      break
    default:
      checkContent(report, conversation, message, role, at)
  }
}

function isRole(role: unknown): role is Role {
  return (ROLES as readonly unknown[]).includes(role)
}

function reportRole(report: Report, role: unknown, at: string): void {
  if (role === undefined) {
    addMissingKey(report, 'role', at)
    return
  }
  const shown = typeof role === 'string' ? quote(role) : typeWithArticle(role)
  const message = `Invalid role: ${shown}. Supported values are: ${ROLES.map(quote).join(', ')}.`
  addIssue(report, 'unrecognized_role', message, `${at}.role`)
}

function addMissingKey(report: Report, key: string, at: string): void {
  const message = `The message has no '${key}'.`
  addIssue(report, 'message_missing_key', message, `${at}.${key}`)
}

function checkAssistant(
  report: Report,
  conversation: Conversation,
  message: JsonObject,
  at: string,
): void {
  const { tool_calls: calls, function_call: call, content, refusal } = message
  if (calls !== undefined) checkToolCalls(report, conversation, calls, `${at}.tool_calls`)
  if (call !== undefined && call !== null) {
    checkFunctionCall(report, call, `${at}.function_call`)
  }
  const speaksOtherwise =
    calls !== undefined ||
    (call !== undefined && call !== null) ||
    typeof refusal === 'string'
  const isEmpty = content === undefined || content === null || content === ''
  if (!speaksOtherwise || !isEmpty) {
    checkContent(report, conversation, message, 'assistant', at)
  }
}

/** An assistant message may call tools last in the conversation; anywhere else each call needs its result. */
function warnOfMissingResults(
  report: Report,
  conversation: Conversation,
  at: string,
): void {
  const { unanswered } = conversation
  if (unanswered === undefined || unanswered.size === 0) return
  const [id = ''] = unanswered
  const message = `The tool call ${quote(id)} has no tool message with its result before this message.`
  addWarning(report, 'missing_tool_result', message, at)
  conversation.unanswered = undefined
}

function checkWeight(report: Report, weight: unknown, role: Role, at: string): void {
  report.hasWeights = true
  if (role === 'assistant' && (weight === 0 || weight === 1)) return
  const shown = typeof weight === 'number' ? String(weight) : typeWithArticle(weight)
  const message =
    role === 'assistant'
      ? `Invalid weight: expected the integer 0 or 1, but got ${shown} instead.`
      : `A weight is for assistant messages only; this one has the role '${role}'.`
  addIssue(report, 'invalid_weight', message, `${at}.weight`)
}

const KEYS: Readonly<Record<Role, ReadonlySet<string>>> = {
  system: new Set(['role', 'content', 'name', 'weight']),
  developer: new Set(['role', 'content', 'name', 'weight']),
  user: new Set(['role', 'content', 'name', 'weight']),
  assistant: new Set([
    'role',
    'content',
    'name',
    'weight',
    'refusal',
    'tool_calls',
    'function_call',
  ]),
  tool: new Set(['role', 'content', 'name', 'weight', 'tool_call_id']),
  function: new Set(['role', 'content', 'name', 'weight']),
}

function checkKeys(report: Report, message: JsonObject, role: Role, at: string): void {
  const known = KEYS[role]
  for (const key in message) {
    if (known.has(key) || report.messageKeys.has(key)) continue
    // SDK answers that were dumped as they are have it, and OpenAI's schema takes it.
    if (key === 'audio' && message.audio === null && role === 'assistant') continue
    const text = `The message of role '${role}' contains an unrecognized key ${quote(key)}.`
    addIssue(report, 'message_unrecognized_key', text, at)
  }
}
