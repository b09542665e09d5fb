import type { Issue } from '@custody/plugin-api'
import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { issueCodes } from '../src/issue-codes.ts'
import type { FineTuneOptions } from '../src/options.ts'
import {
  call,
  chat,
  dataUrl,
  jsonl,
  preference,
  reinforcement,
  result,
  tool,
  user,
  userWithImages,
} from './examples.ts'

const seen = new Set<string>()

async function refused(content: string | Uint8Array, options: FineTuneOptions = {}) {
  const verdict = await validate(plugin, content, { options })
  if (verdict.ok) throw new Error('accepted')
  for (const code of Object.keys(verdict.issueCounts)) seen.add(code)
  return verdict
}

/** Line, code and param of each issue. */
async function places(content: string | Uint8Array, options: FineTuneOptions = {}) {
  const { issues } = await refused(content, options)
  return issues.map(({ line, code, param }) => [line, code, param])
}

const hi = user('Hi')
const answer = { role: 'assistant', content: 'Yes.' }
const withMessage = (message: unknown) => ({ messages: [hi, message, answer] })
const withAnswer = (change: object) => ({ messages: [hi, { ...answer, ...change }] })
const withPart = (part: unknown) => chat(user([part]))
const withTool = (change: object) => ({
  ...chat(hi),
  tools: [{ type: 'function', function: { name: 'go', ...change } }],
})
const withCall = (change: object) => ({
  messages: [
    hi,
    {
      role: 'assistant',
      tool_calls: [
        {
          id: 'a',
          type: 'function',
          function: { name: 'go', arguments: '{}' },
          ...change,
        },
      ],
    },
  ],
})

/** Wrong examples, with the code and param of their only issue. */
const wrong: Record<string, [example: unknown, code: string, param?: string]> = {
  // The line
  'an array': [[], 'data_type'],
  'a string': ['{}', 'data_type'],
  null: [null, 'data_type'],
  'an object without the keys of any format': [
    { text: 'a' },
    'missing_messages_list',
    'messages',
  ],
  'messages that are no array': [{ messages: 'Hi' }, 'missing_messages_list', 'messages'],
  'messages that are null': [{ messages: null }, 'missing_messages_list', 'messages'],
  'no messages': [{ messages: [] }, 'missing_messages_list', 'messages'],

  // Messages
  'a message that is a string': [withMessage('Hi'), 'invalid_type', 'messages[1]'],
  'no role': [withMessage({ content: 'a' }), 'message_missing_key', 'messages[1].role'],
  'a role that does not exist': [
    withMessage({ role: 'human', content: 'a' }),
    'unrecognized_role',
    'messages[1].role',
  ],
  'a role that is the name of an inherited property': [
    withMessage({ role: 'toString', content: 'a' }),
    'unrecognized_role',
    'messages[1].role',
  ],
  'a number as role': [
    withMessage({ role: 1, content: 'a' }),
    'unrecognized_role',
    'messages[1].role',
  ],
  'no content': [
    withMessage({ role: 'system' }),
    'message_missing_key',
    'messages[1].content',
  ],
  'an empty content': [chat(user('')), 'missing_content', 'messages[0].content'],
  'a null content': [chat(user(null)), 'missing_content', 'messages[0].content'],
  'a number as content': [chat(user(7)), 'missing_content', 'messages[0].content'],
  'no parts': [chat(user([])), 'missing_content', 'messages[0].content'],
  'an answer without content or call': [
    withAnswer({ content: '' }),
    'missing_content',
    'messages[1].content',
  ],
  'an answer with null content and a null call': [
    withAnswer({ content: null, function_call: null }),
    'missing_content',
    'messages[1].content',
  ],
  'a number as content beside a call': [
    withMessage({ ...call('a', 'go'), content: 7 }),
    'missing_content',
    'messages[1].content',
  ],
  'a key that messages do not have': [
    withAnswer({ thinking: 'Hm.' }),
    'message_unrecognized_key',
    'messages[1]',
  ],
  'tool calls of a user': [
    chat({ ...hi, tool_calls: [] }),
    'message_unrecognized_key',
    'messages[0]',
  ],
  'a number as name': [chat({ ...hi, name: 7 }), 'invalid_type', 'messages[0].name'],
  'a function message without name': [
    withMessage({ role: 'function', content: 'ok' }),
    'message_missing_key',
    'messages[1].name',
  ],

  // Weights
  'a weight of 0.5': [
    withAnswer({ weight: 0.5 }),
    'invalid_weight',
    'messages[1].weight',
  ],
  'a weight of 2': [withAnswer({ weight: 2 }), 'invalid_weight', 'messages[1].weight'],
  'a weight of true': [
    withAnswer({ weight: true }),
    'invalid_weight',
    'messages[1].weight',
  ],
  'a weight of null': [
    withAnswer({ weight: null }),
    'invalid_weight',
    'messages[1].weight',
  ],
  "a weight of a user's message": [
    chat({ ...hi, weight: 1 }),
    'invalid_weight',
    'messages[0].weight',
  ],

  // Definitions of tools
  'tools that are no array': [{ ...chat(hi), tools: {} }, 'invalid_type', 'tools'],
  'a tool that is a string': [{ ...chat(hi), tools: ['go'] }, 'invalid_type', 'tools[0]'],
  'a tool of another type': [
    { ...chat(hi), tools: [{ type: 'web_search' }] },
    'invalid_tool',
    'tools[0].type',
  ],
  'a tool without type': [
    { ...chat(hi), tools: [{ function: { name: 'go' } }] },
    'invalid_tool',
    'tools[0].type',
  ],
  'a tool without function': [
    { ...chat(hi), tools: [{ type: 'function' }] },
    'missing_required_parameter',
    'tools[0].function',
  ],
  'a function without name': [
    withTool({ name: undefined }),
    'missing_required_parameter',
    'tools[0].function.name',
  ],
  'a function name with a space': [
    withTool({ name: 'go on' }),
    'invalid_tool',
    'tools[0].function.name',
  ],
  'a function name with a line end': [
    withTool({ name: 'go\n' }),
    'invalid_tool',
    'tools[0].function.name',
  ],
  'a function name of 65 characters': [
    withTool({ name: 'x'.repeat(65) }),
    'invalid_tool',
    'tools[0].function.name',
  ],
  'a number as description': [
    withTool({ description: 7 }),
    'invalid_type',
    'tools[0].function.description',
  ],
  'parameters that are an array': [
    withTool({ parameters: [] }),
    'invalid_type',
    'tools[0].function.parameters',
  ],
  'parameters that describe a string': [
    withTool({ parameters: { type: 'string' } }),
    'invalid_tool',
    'tools[0].function.parameters.type',
  ],
  'a string as strict': [
    withTool({ strict: 'yes' }),
    'invalid_type',
    'tools[0].function.strict',
  ],
  'functions that are no array': [
    { ...chat(hi), functions: {} },
    'invalid_type',
    'functions',
  ],
  'no functions': [{ ...chat(hi), functions: [] }, 'invalid_tool', 'functions'],
  '129 functions': [
    { ...chat(hi), functions: Array(129).fill({ name: 'go' }) },
    'invalid_tool',
    'functions',
  ],
  'a function name with a dot': [
    { ...chat(hi), functions: [{ name: 'a.b' }] },
    'invalid_tool',
    'functions[0].name',
  ],
  'a string as parallel_tool_calls': [
    { ...chat(hi), parallel_tool_calls: 'yes' },
    'invalid_type',
    'parallel_tool_calls',
  ],
  'wrong tools of a reinforcement example': [
    reinforcement({ tools: {} }),
    'invalid_type',
    'tools',
  ],

  // Calls of tools
  'tool calls that are an object': [
    withAnswer({ tool_calls: {} }),
    'invalid_tool_call',
    'messages[1].tool_calls',
  ],
  'no tool calls': [
    withAnswer({ tool_calls: [] }),
    'invalid_tool_call',
    'messages[1].tool_calls',
  ],
  'a call that is a string': [
    withAnswer({ tool_calls: ['go'] }),
    'invalid_tool_call',
    'messages[1].tool_calls[0]',
  ],
  'a call without id': [
    withCall({ id: undefined }),
    'invalid_tool_call',
    'messages[1].tool_calls[0].id',
  ],
  'a call of another type': [
    withCall({ type: 'custom' }),
    'invalid_tool_call',
    'messages[1].tool_calls[0].type',
  ],
  'a call without function': [
    withCall({ function: undefined }),
    'invalid_tool_call',
    'messages[1].tool_calls[0].function',
  ],
  'a call with a bad name': [
    withCall({ function: { name: 'go!', arguments: '{}' } }),
    'invalid_tool_call',
    'messages[1].tool_calls[0].function.name',
  ],
  'arguments that are an object': [
    withCall({ function: { name: 'go', arguments: {} } }),
    'invalid_tool_call',
    'messages[1].tool_calls[0].function.arguments',
  ],
  'a function call that is a string': [
    withAnswer({ function_call: 'go' }),
    'invalid_tool_call',
    'messages[1].function_call',
  ],
  'a function call without arguments': [
    withAnswer({ function_call: { name: 'go' } }),
    'invalid_tool_call',
    'messages[1].function_call.arguments',
  ],
  'a result without id': [
    withMessage({ role: 'tool', content: 'ok' }),
    'message_missing_key',
    'messages[1].tool_call_id',
  ],
  'a result whose id is a number': [
    withMessage({ role: 'tool', tool_call_id: 7, content: 'ok' }),
    'invalid_type',
    'messages[1].tool_call_id',
  ],
  'a result without call': [
    withMessage(result('a')),
    'unknown_tool_call_id',
    'messages[1].tool_call_id',
  ],
  'a result before its call': [
    { messages: [hi, result('a'), call('a', 'go')], tools: [tool('go')] },
    'unknown_tool_call_id',
    'messages[1].tool_call_id',
  ],
  'a result of another call': [
    chat(hi, call('a', 'go'), result('b')),
    'unknown_tool_call_id',
    'messages[2].tool_call_id',
  ],

  // Parts
  'a part that is a string': [withPart('Hi'), 'invalid_type', 'messages[0].content[0]'],
  'a part without type': [
    withPart({ text: 'Hi' }),
    'missing_required_parameter',
    'messages[0].content[0].type',
  ],
  'a text part without text': [
    withPart({ type: 'text' }),
    'missing_required_parameter',
    'messages[0].content[0].text',
  ],
  audio: [
    withPart({ type: 'input_audio', input_audio: { data: '', format: 'wav' } }),
    'unsupported_content_part',
    'messages[0].content[0].type',
  ],
  'a file': [
    withPart({ type: 'file', file: { file_id: 'file-1' } }),
    'unsupported_content_part',
    'messages[0].content[0].type',
  ],
  'a refusal of the user': [
    withPart({ type: 'refusal', refusal: 'No.' }),
    'unsupported_content_part',
    'messages[0].content[0].type',
  ],
  'an image of the assistant': [
    withAnswer({
      content: [{ type: 'image_url', image_url: { url: 'https://example.com/a' } }],
    }),
    'image_not_allowed',
    'messages[1].content[0]',
  ],
  'an image_url that is a string': [
    withPart({ type: 'image_url', image_url: 'https://example.com/a.png' }),
    'invalid_type',
    'messages[0].content[0].image_url',
  ],
  'an image without url': [
    withPart({ type: 'image_url', image_url: {} }),
    'missing_required_parameter',
    'messages[0].content[0].image_url.url',
  ],

  // Images
  'a path as image': [
    chat(userWithImages('/tmp/a.png')),
    'invalid_image',
    'messages[0].content[1].image_url.url',
  ],
  'an image address without host': [
    chat(userWithImages('https://')),
    'invalid_image',
    'messages[0].content[1].image_url.url',
  ],
  'a GIF': [
    chat(userWithImages('data:image/gif;base64,R0lGODlh')),
    'invalid_image',
    'messages[0].content[1].image_url.url',
  ],
  'a data URL without base64': [
    chat(userWithImages('data:image/png,abc')),
    'invalid_image',
    'messages[0].content[1].image_url.url',
  ],
  'base64 with a space in it': [
    chat(userWithImages('data:image/png;base64,iVBORw0K Gg')),
    'invalid_image',
    'messages[0].content[1].image_url.url',
  ],
  'base64 that was cut': [
    chat(userWithImages('data:image/png;base64,iVBOR')),
    'invalid_image',
    'messages[0].content[1].image_url.url',
  ],
  'base64 with too much padding': [
    chat(userWithImages('data:image/png;base64,iVBORw==========')),
    'invalid_image',
    'messages[0].content[1].image_url.url',
  ],
  'an empty data URL': [
    chat(userWithImages('data:image/png;base64,')),
    'invalid_image',
    'messages[0].content[1].image_url.url',
  ],
  'an image of one byte over 10 MiB': [
    chat(userWithImages(dataUrl('png', 10 * 1024 * 1024 + 1))),
    'image_too_large',
    'messages[0].content[1].image_url.url',
  ],
  'eleven images': [
    chat(
      userWithImages(...Array<string>(6).fill('https://example.com/a')),
      answer,
      userWithImages(...Array<string>(5).fill('https://example.com/a')),
    ),
    'too_many_images',
    'messages',
  ],

  // Formats
  'a system message alone': [
    { messages: [{ role: 'system', content: 'Be kind.' }] },
    'example_missing_assistant_message',
    'messages',
  ],
  'no completion': [{ prompt: 'a' }, 'missing_required_parameter', 'completion'],
  'a list as prompt': [{ prompt: ['a'], completion: 'b' }, 'invalid_type', 'prompt'],
  'no input': [preference({ input: undefined }), 'missing_required_parameter', 'input'],
  'a string as input': [preference({ input: 'Hi' }), 'invalid_type', 'input'],
  'an input without messages': [
    preference({ input: {} }),
    'missing_messages_list',
    'input.messages',
  ],
  'a wrong message of an input': [
    preference({ input: { messages: [{ role: 'user' }] } }),
    'message_missing_key',
    'input.messages[0].content',
  ],
  'wrong tools of an input': [
    preference({ input: { messages: [hi], tools: 'go' } }),
    'invalid_type',
    'input.tools',
  ],
  'a number as parallel_tool_calls of an input': [
    preference({ input: { messages: [hi], parallel_tool_calls: 1 } }),
    'invalid_type',
    'input.parallel_tool_calls',
  ],
  'no non_preferred_output': [
    preference({ non_preferred_output: undefined }),
    'missing_required_parameter',
    'non_preferred_output',
  ],
  'a string as output': [
    preference({ preferred_output: 'Yes.' }),
    'invalid_type',
    'preferred_output',
  ],
  'an empty output': [
    preference({ preferred_output: [] }),
    'invalid_output',
    'preferred_output',
  ],
  'two messages as output': [
    preference({ preferred_output: [answer, answer] }),
    'invalid_output',
    'preferred_output',
  ],
  'an output of the user': [
    preference({ preferred_output: [hi] }),
    'invalid_output',
    'preferred_output[0].role',
  ],
  'an output without content': [
    preference({ preferred_output: [{ role: 'assistant' }] }),
    'message_missing_key',
    'preferred_output[0].content',
  ],
}

for (const [name, [example, code, param]] of Object.entries(wrong)) {
  t.test(`an example is refused for: ${name}`, async (t) => {
    t.same(await places(jsonl([example])), [[1, code, param]])
  })
}

const good = JSON.stringify(chat(hi))

t.test(
  'a file that is no JSONL is told in the words that clients look for',
  async (t) => {
    const { issues } = await refused('{"prompt": "a",\n "completion": "b"}\n')
    t.same(issues, [
      {
        code: 'invalid_json_line',
        message:
          'Expected file to have JSONL format, where every line is a valid JSON dictionary. Line 1 is not a dictionary (HINT: line starts with: "{"p...").',
        line: 1,
      },
      {
        code: 'invalid_json_line',
        message:
          'Expected file to have JSONL format, where every line is a valid JSON dictionary. Line 2 is not a dictionary (HINT: line starts with: " "c...").',
        line: 2,
      },
    ] satisfies Issue[])
  },
)

t.test(
  'the hint of a line cuts no character in two and shows no control character',
  async (t) => {
    const hints = ['\u{1F600}\u{1F600}\u{1F600}\u{1F600}', '\u001B[31m', 'a'].map(
      async (line) => {
        const { issues } = await refused(line)
        return /starts with: "(.*)"/.exec(issues[0]?.message ?? '')?.[1]
      },
    )
    t.same(await Promise.all(hints), [
      '\u{1F600}\u{1F600}\u{1F600}...',
      '\uFFFD[3...',
      'a...',
    ])
  },
)

t.test('a blank line that is not the last one is refused', async (t) => {
  t.same(await places(`${good}\n\n${good}\n \n\n`), [
    [2, 'invalid_json_line', undefined],
    [4, 'invalid_json_line', undefined],
  ])
})

t.test('a file without an example is empty_file', async (t) => {
  for (const content of ['', '\n', '\uFEFF', '\r\n']) {
    t.same(await places(content), [[undefined, 'empty_file', undefined]])
  }
})

t.test(
  'bytes that are not UTF-8 are refused with their line, after earlier issues',
  async (t) => {
    const content = Buffer.concat([
      Buffer.from(`[]\n${good}\n`),
      Buffer.from([0xff, 0x0a]),
    ])
    t.same(await places(content), [
      [1, 'data_type', undefined],
      [3, 'invalid_utf8', undefined],
    ])
  },
)

t.test('a line of over 32 MiB is refused', async (t) => {
  const content = `${good}\n${JSON.stringify(chat(user('x'.repeat(2 ** 25))))}\n`
  t.same(await places(content), [[2, 'line_too_long', undefined]])
})

t.test('the odd example is refused, wherever it stands', async (t) => {
  const kinds = {
    chat: [chat(hi), 'mixed_formats'],
    completions: [{ prompt: 'a', completion: 'b' }, 'mixed_formats'],
    preference: [preference(), 'mixed_formats'],
    reinforcement: [reinforcement(), 'mixed_formats'],
  } as const
  for (const [most, [common]] of Object.entries(kinds)) {
    for (const [other, [odd, code]] of Object.entries(kinds)) {
      if (other === most) continue
      for (const line of [1, 2, 3, 4]) {
        const examples: unknown[] = [common, common, common]
        examples.splice(line - 1, 0, odd)
        const isMissing = most === 'chat' && other === 'reinforcement'
        const expected = isMissing ? 'example_missing_assistant_message' : code
        t.same(await places(jsonl(examples)), [[line, expected, undefined]])
      }
    }
  }
})

t.test(
  'issues of odd examples stand among the others, in the order of lines',
  async (t) => {
    const completion = { prompt: 'a', completion: 'b' }
    const bad = { messages: [] }
    const examples = [chat(hi), completion, bad, completion, chat(hi), chat(hi), bad]
    const verdict = await refused(jsonl(examples))
    t.same(
      verdict.issues.map(({ line }) => line),
      [2, 3, 4, 7],
    )
    t.same(verdict.issueCounts, { mixed_formats: 2, missing_messages_list: 2 })
  },
)

t.test('100 issues are kept and all are counted', async (t) => {
  const odd = Array.from({ length: 150 }, () => ({ prompt: 'a', completion: 'b' }))
  const common = Array.from({ length: 200 }, () => chat(hi))
  const verdict = await refused(jsonl([...odd, ...common, ...Array(120).fill([])]))
  t.equal(verdict.issues.length, 100)
  t.same(verdict.issueCounts, { mixed_formats: 150, data_type: 120 })
})

t.test('reading stops after 10,000 issues', async (t) => {
  const verdict = await refused('[]\n'.repeat(20_000))
  t.same(verdict.issueCounts, { data_type: 10_000, too_many_issues: 1 })
})

t.test('endless blank lines are not read to their end', async (t) => {
  const verdict = await refused(`${good}\n${'\n'.repeat(20_000)}`)
  t.same(verdict.issueCounts, { invalid_json_line: 10_000, too_many_issues: 1 })
})

t.test('an example after too many blank lines does not make an empty file', async (t) => {
  const verdict = await refused(`${'\n'.repeat(20_000)}${good}\n`)
  t.same(verdict.issueCounts, { invalid_json_line: 10_000, too_many_issues: 1 })
})

t.test('a line of a million wrong messages is not checked to its end', async (t) => {
  const line = `{"messages":[1${',1'.repeat(1_000_000)}]}\n`
  const verdict = await refused(line + good)
  t.same(verdict.issueCounts, { invalid_type: 10_000, too_many_issues: 1 })
})

t.test('all issues of an example are reported', async (t) => {
  const example = {
    tools: [{ type: 'x' }],
    messages: [{ role: 'user' }, { content: 'a' }, { ...answer, weight: 3 }],
  }
  t.same(await places(jsonl([example])), [
    [1, 'invalid_tool', 'tools[0].type'],
    [1, 'message_missing_key', 'messages[0].content'],
    [1, 'message_missing_key', 'messages[1].role'],
    [1, 'invalid_weight', 'messages[2].weight'],
  ])
})

t.test(
  'more than 50,000 examples with images are refused, at the first too many',
  async (t) => {
    const line = jsonl([chat(userWithImages('https://example.com/a.png'))])
    t.ok((await validate(plugin, line.repeat(50_000))).ok)
    t.same(await places(line.repeat(50_002)), [
      [50_001, 'too_many_image_examples', undefined],
    ])
  },
)

t.test('a __proto__ key of a message is an unrecognized key', async (t) => {
  const line = good.replace('"role":"user"', '"role":"user","__proto__":{"weight":1}')
  t.same(await places(line), [[1, 'message_unrecognized_key', 'messages[0]']])
})

t.test('values in messages are cut', async (t) => {
  const name = 'x'.repeat(5000)
  const { issues } = await refused(jsonl([withMessage({ role: name, content: 'a' })]))
  t.ok((issues[0]?.message.length ?? 0) < 250)
})

t.test('every code came up in these tests', async (t) => {
  t.same([...seen].sort(), [...issueCodes].sort())
})
