import { validate } from '@custody/plugin-api/testing'
import fc from 'fast-check'
import t from 'tap'
import plugin from '../src/index.ts'
import { jsonl } from './examples.ts'

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,64}$/)
const user = fc.record({ role: fc.constant('user'), content: text })
const system = fc.record({ role: fc.constantFrom('system', 'developer'), content: text })
const assistant = fc.record(
  { role: fc.constant('assistant'), content: text, weight: fc.constantFrom(0, 1) },
  { requiredKeys: ['role', 'content'] },
)

/** An assistant message with calls of a tool, and their results in any order. */
const calls = fc
  .record({ ids: fc.uniqueArray(text, { minLength: 1, maxLength: 3 }), name })
  .chain(({ ids, name }) =>
    fc.shuffledSubarray(ids, { minLength: ids.length }).map((answered) => [
      {
        role: 'assistant',
        tool_calls: ids.map((id) => ({
          id,
          type: 'function',
          function: { name, arguments: '{}' },
        })),
      },
      ...answered.map((id) => ({ role: 'tool', tool_call_id: id, content: '' })),
    ]),
  )

const turn = fc
  .tuple(user, fc.option(calls), assistant)
  .map(([user, calls, assistant]) => [user, ...(calls ?? []), assistant])

const conversation = fc
  .tuple(fc.option(system), fc.array(turn, { minLength: 1, maxLength: 3 }))
  .map(([system, turns]): object[] => [...(system ? [system] : []), ...turns.flat()])

/** Keys that a grader may look at: anything but the two reserved ones. */
const free = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .filter((keys) => !('messages' in keys || 'tools' in keys))

const formats: Record<string, fc.Arbitrary<object>> = {
  chat: conversation.map((messages) => ({ messages })),
  reinforcement: fc
    .tuple(conversation, user, free)
    .map(([messages, last, keys]) => ({ ...keys, messages: [...messages, last] })),
  preference: fc
    .record({ messages: conversation, last: user, good: assistant, bad: assistant })
    .map(({ messages, last, good, bad }) => ({
      input: { messages: [...messages, last] },
      preferred_output: [good],
      non_preferred_output: [bad],
    })),
  completions: fc.record({ prompt: fc.string(), completion: fc.string() }),
}

const file = fc.constantFrom(...Object.entries(formats)).chain(([format, example]) =>
  fc.record({
    format: fc.constant(format),
    examples: fc.array(example, { minLength: 3, maxLength: 8 }),
  }),
)

/** Changes that make an example of any format wrong. */
const mutations: Record<string, (example: Record<string, unknown>) => string> = {
  cut: (example) => JSON.stringify(example).slice(0, -1),
  'in a list': (example) => JSON.stringify([example]),
  blank: () => '  ',
  empty: () => '{}',
  'other format': (example) =>
    'prompt' in example && !('messages' in example)
      ? '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}'
      : '{"prompt":"a","completion":"b"}',
  'a part wrong': (example) => {
    if ('messages' in example) return JSON.stringify({ ...example, messages: [{}] })
    if ('input' in example) return JSON.stringify({ ...example, preferred_output: [] })
    return JSON.stringify({ ...example, completion: 1 })
  },
}

t.test('a generated good file is accepted, and its format is told', async () => {
  await fc.assert(
    fc.asyncProperty(file, async ({ format, examples }) => {
      const verdict = await validate(plugin, jsonl(examples))
      if (!verdict.ok) throw new Error(JSON.stringify(verdict.issues))
      return verdict.facts.format === format && verdict.facts.examples === examples.length
    }),
    { numRuns: 300 },
  )
})

t.test('a file with one wrong line is refused at that very line', async (t) => {
  const names = fc.constantFrom(...Object.keys(mutations))
  await fc.assert(
    fc.asyncProperty(file, names, fc.nat(), async ({ examples }, name, where) => {
      // A blank last line is no mistake.
      const index = where % (name === 'blank' ? examples.length - 1 : examples.length)
      const lines = examples.map((example) => JSON.stringify(example))
      lines[index] = mutations[name]?.({ ...examples[index] }) ?? ''
      const verdict = await validate(plugin, lines.join('\n'))
      if (verdict.ok) throw new Error('accepted')
      t.ok(verdict.issues.length > 0)
      t.ok(verdict.issues.every(({ line }) => line === index + 1))
    }),
    { numRuns: 300 },
  )
})

t.test('any value at any place of an example gets a verdict', async () => {
  const names = ['role', 'content', 'tool_calls', 'function', 'name', 'type', 'image_url']
  const keys = [...names, 'messages', 'tools', 'input', 'preferred_output', '__proto__']
  const value = fc.object({
    key: fc.constantFrom(...keys),
    values: [fc.constantFrom('user', 'assistant', 'function', 'text', 'image_url', null)],
    maxDepth: 5,
  })
  const example = fc
    .tuple(
      fc.constantFrom('messages', 'tools', 'input', 'prompt'),
      fc.array(value),
      value,
    )
    .map(([key, values, rest]) => ({ ...rest, [key]: values }))
  await fc.assert(
    fc.asyncProperty(fc.array(example), async (examples) => {
      const verdict = await validate(plugin, jsonl(examples))
      return typeof verdict.ok === 'boolean'
    }),
    { numRuns: 500 },
  )
})
