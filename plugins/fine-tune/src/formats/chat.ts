import { addTypeIssue } from '../add-type-issue.ts'
import { checkMessages } from '../conversation/check-messages.ts'
import { checkFunctions, checkTools } from '../conversation/check-tools.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { countShape, type Shape } from '../format-tally.ts'
import type { JsonObject } from '../json-object.ts'
import { addIssue, addWarning, type Report } from '../report.ts'
import { warnOfUnknownKeys } from './warn-of-unknown-keys.ts'

const KEYS: ReadonlySet<string> = new Set([
  'messages',
  'tools',
  'parallel_tool_calls',
  'functions',
])

/** A chat or reinforcement example: both are a conversation, and differ in how it ends. */
export function checkChat(report: Report, example: JsonObject): void {
  const { tools } = example
  if (tools !== undefined) checkTools(report, tools, 'tools')
  const conversation = checkMessages(report, example.messages, 'messages', tools)
  const shape = conversation && shapeOf(conversation)
  if (shape !== undefined) countShape(report.formats, shape, report.line)
  if (conversation?.lastRole === undefined) return
  if (shape === undefined) {
    const message =
      'The example has no assistant message, and does not end with a user message.'
    addIssue(report, 'example_missing_assistant_message', message, 'messages')
  } else if (shape === 'reinforcement') {
    if (!hasFreeKeys(example)) warnOfNoAnswer(report)
  } else {
    if (conversation.lastRole !== 'assistant') warnOfOpenEnd(report)
    if (shape === 'chat') checkChatOnly(report, example, conversation)
  }
}

function warnOfNoAnswer(report: Report): void {
  const message =
    'The example has no assistant message: it can serve for reinforcement fine-tuning only.'
  addWarning(report, 'example_missing_assistant_message', message, 'messages')
}

function warnOfOpenEnd(report: Report): void {
  const message =
    'The last message is not from the assistant: nothing is learnt from what follows the last answer.'
  addWarning(report, 'last_message_not_assistant', message, 'messages')
}

/** Undefined: neither of both, or not known since the last message is broken. */
function shapeOf({ lastRole, hasAssistant }: Conversation): Shape | undefined {
  if (lastRole === 'assistant') return 'chat'
  if (lastRole === 'user') return hasAssistant ? 'prompted' : 'reinforcement'
  return lastRole !== undefined && hasAssistant ? 'chat' : undefined
}

/** What cannot be asked of a reinforcement example, whose keys but `messages` and `tools` are free. */
function checkChatOnly(
  report: Report,
  example: JsonObject,
  { hasUser }: Conversation,
): void {
  const { functions, parallel_tool_calls: parallel } = example
  if (functions !== undefined) checkFunctions(report, functions)
  if (parallel !== undefined && typeof parallel !== 'boolean') {
    addTypeIssue(report, 'parallel_tool_calls', 'a boolean', parallel)
  }
  if (!hasUser) {
    const message = 'The example has no user message.'
    addWarning(report, 'missing_user_message', message, 'messages')
  }
  warnOfUnknownKeys(report, example, KEYS)
}

function hasFreeKeys(example: JsonObject): boolean {
  for (const key in example) if (!KEYS.has(key)) return true
  return false
}
