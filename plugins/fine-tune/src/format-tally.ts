import { type Issue, MAX_ISSUES } from '@custody/plugin-api'
import type { IssueCode } from './issue-codes.ts'

/** The formats of training files (https://platform.openai.com/docs/guides/model-optimization). */
export type Format = 'chat' | 'reinforcement' | 'completions' | 'preference'

/** A format, or `prompted`: a conversation that goes on after an assistant message and ends with the user's: chat or reinforcement. */
export type Shape = Format | 'prompted'

/** How many examples had each shape, and on which lines the first of them stand. */
export type FormatTally = Readonly<Record<Shape, { count: number; lines: number[] }>>

export function startTally(): FormatTally {
  const none = () => ({ count: 0, lines: [] })
  return {
    chat: none(),
    reinforcement: none(),
    completions: none(),
    preference: none(),
    prompted: none(),
  }
}

export function countShape(tally: FormatTally, shape: Shape, line: number): void {
  const entry = tally[shape]
  entry.count += 1
  if (entry.lines.length < MAX_ISSUES) entry.lines.push(line)
}

/**
 * The format of the file is that of most examples, wherever the odd one stands. Only then can a
 * conversation without an assistant message be told from a reinforcement example.
 */
export function formatOf(tally: FormatTally): Format {
  const { chat, reinforcement, completions, preference, prompted } = tally
  const conversations = chat.count + reinforcement.count + prompted.count
  if (completions.count > conversations && completions.count >= preference.count) {
    return 'completions'
  }
  if (preference.count > conversations) return 'preference'
  if (chat.count === 0 && conversations > 0) return 'reinforcement'
  return reinforcement.count > chat.count ? 'reinforcement' : 'chat'
}

/** The issues of the examples that have another format than the file, and how many there are by code. */
export function strayExamples(tally: FormatTally): {
  issues: Issue[]
  counts: Partial<Record<IssueCode, number>>
} {
  const format = formatOf(tally)
  const issues: Issue[] = []
  const counts: Partial<Record<IssueCode, number>> = {}
  for (const shape of SHAPES) {
    const { count, lines } = tally[shape]
    if (count === 0 || fits(shape, format)) continue
    const [code, message] = describeStray(shape, format)
    counts[code] = (counts[code] ?? 0) + count
    for (const line of lines) issues.push({ code, message, line })
  }
  return { issues, counts }
}

const SHAPES: readonly Shape[] = [
  'chat',
  'reinforcement',
  'completions',
  'preference',
  'prompted',
]

function fits(shape: Shape, format: Format): boolean {
  if (shape === 'prompted') return format === 'chat' || format === 'reinforcement'
  return shape === format
}

function describeStray(shape: Shape, format: Format): [IssueCode, string] {
  if (shape === 'reinforcement' && format === 'chat') {
    return [
      'example_missing_assistant_message',
      'The example has no assistant message, as the other examples of the file do.',
    ]
  }
  if (shape === 'chat' && format === 'reinforcement') {
    return [
      'mixed_formats',
      'The conversation does not end with a user message, as it does in most examples of the file. One file holds examples of one format.',
    ]
  }
  const name = shape === 'prompted' ? 'chat' : shape
  return [
    'mixed_formats',
    `This is a ${name} example, but most examples of the file are ${format} examples. One file holds examples of one format.`,
  ]
}
