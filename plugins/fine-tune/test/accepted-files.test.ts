import type { Facts } from '@custody/plugin-api'
import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
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

/** The verdict on a file of these examples, ten times over, so that there are enough of them. */
async function accepted(examples: readonly unknown[], options: FineTuneOptions = {}) {
  const content = jsonl(examples).repeat(10)
  const verdict = await validate(plugin, content, { options })
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.issues))
  return { facts: verdict.facts, warnings: verdict.warnings.map(({ code }) => code) }
}

const NO_FACTS: Facts = {
  messages: {},
  tools: [],
  tool_calls: 0,
  images: 0,
  weighted: false,
}

t.test('the chat examples of the fine-tuning guide are accepted', async (t) => {
  const content = `{"messages": [{"role": "system", "content": "Marv is a factual chatbot that is also sarcastic."}, {"role": "user", "content": "What's the capital of France?"}, {"role": "assistant", "content": "Paris, as if everyone doesn't know that already."}]}
{"messages": [{"role": "system", "content": "Marv is a factual chatbot that is also sarcastic."}, {"role": "user", "content": "Who wrote 'Romeo and Juliet'?"}, {"role": "assistant", "content": "Oh, just some guy named William Shakespeare. Ever heard of him?"}]}
`
  const verdict = await validate(plugin, content)
  t.same(verdict, {
    ok: true,
    facts: {
      ...NO_FACTS,
      format: 'chat',
      examples: 2,
      messages: { system: 2, user: 2, assistant: 2 },
      longest_line: 261,
    },
    warnings: [
      {
        code: 'invalid_n_examples',
        message: 'Training file has 2 example(s), but must have at least 10 examples',
        param: 'training_file',
      },
    ],
  })
})

t.test('the multi-turn example with weights of the guide is accepted', async (t) => {
  const example = JSON.parse(
    `{"messages": [{"role": "system", "content": "Marv is a factual chatbot that is also sarcastic."}, {"role": "user", "content": "What's the capital of France?"}, {"role": "assistant", "content": "Paris", "weight": 0}, {"role": "user", "content": "Can you be more sarcastic?"}, {"role": "assistant", "content": "Paris, as if everyone doesn't know that already.", "weight": 1}]}`,
  )
  const { facts, warnings } = await accepted([example])
  t.match(facts, { format: 'chat', weighted: true, messages: { assistant: 20 } })
  t.same(warnings, [])
})

t.test('the tool calling example of the guide is accepted', async (t) => {
  const example = {
    messages: [
      user('What is the weather in San Francisco?'),
      {
        role: 'assistant',
        tool_calls: [
          {
            id: 'call_id',
            type: 'function',
            function: {
              name: 'get_current_weather',
              arguments: '{"location": "San Francisco, USA", "format": "celsius"}',
            },
          },
        ],
      },
    ],
    parallel_tool_calls: false,
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_current_weather',
          description: 'Get the current weather',
          parameters: {
            type: 'object',
            properties: {
              location: { type: 'string', description: 'The city and country' },
              format: { type: 'string', enum: ['celsius', 'fahrenheit'] },
            },
            required: ['location', 'format'],
          },
        },
      },
    ],
  }
  const { facts, warnings } = await accepted([example])
  t.match(facts, { format: 'chat', tools: ['get_current_weather'], tool_calls: 10 })
  t.same(warnings, [])
})

t.test('the vision example of the guide is accepted', async (t) => {
  const example = {
    messages: [
      { role: 'system', content: 'You are an assistant that identifies cheeses.' },
      user('What is this cheese?'),
      user([
        {
          type: 'image_url',
          image_url: { url: 'https://example.com/3/36/Danbo_Cheese.jpg', detail: 'low' },
        },
      ]),
      { role: 'assistant', content: 'Danbo' },
    ],
  }
  const { facts, warnings } = await accepted([example])
  t.match(facts, { format: 'chat', images: 10 })
  t.same(warnings, ['consecutive_roles'])
})

t.test('the preference example of the guide is accepted', async (t) => {
  const example = JSON.parse(
    `{"input": {"messages": [{"role": "user", "content": "Hello, can you tell me how cold San Francisco is today?"}], "tools": [], "parallel_tool_calls": true}, "preferred_output": [{"role": "assistant", "content": "Today in San Francisco, it is not quite cold as expected. Morning clouds will give away to sunshine, with a high near 68°F (20°C) and a low around 57°F (14°C)."}], "non_preferred_output": [{"role": "assistant", "content": "It is not particularly cold in San Francisco today."}]}`,
  )
  const { facts, warnings } = await accepted([example])
  t.match(facts, { format: 'preference', messages: { user: 10, assistant: 20 } })
  t.same(warnings, [])
})

t.test(
  'the reinforcement example of the guide is accepted, whatever its keys',
  async (t) => {
    const example = {
      messages: [
        { role: 'developer', content: 'Decide whether the SOC 2 report is compliant.' },
        user('Do you have a dedicated security team?'),
      ],
      compliant: 'yes',
      explanation: 'A dedicated security team follows strict protocols.',
      prompt: 'free',
      completion: 1,
      preferred_output: null,
      input: [],
      functions: {},
      parallel_tool_calls: 'free',
    }
    const { facts, warnings } = await accepted([example])
    t.match(facts, { format: 'reinforcement', messages: { developer: 10, user: 10 } })
    t.same(warnings, [])
  },
)

t.test('completions examples are accepted, with an empty prompt too', async (t) => {
  const { facts, warnings } = await accepted([
    {
      prompt: 'Company: BHFF insurance\\nAd: allround insurance\\nSupported:',
      completion: ' yes',
    },
    { prompt: '', completion: 'a' },
  ])
  t.match(facts, { ...NO_FACTS, format: 'completions', examples: 20 })
  t.same(warnings, [])
})

t.test(
  'calls of several tools and their results, also empty ones, are accepted',
  async (t) => {
    const example = {
      messages: [
        user('Go'),
        {
          role: 'assistant',
          content: null,
          tool_calls: ['a', 'b'].map((id) => ({
            id,
            type: 'function',
            function: { name: 'go', arguments: '{}' },
          })),
        },
        result('b', ''),
        result('a'),
        { role: 'assistant', content: '', ...pick(call('c', 'go')) },
        result('c'),
        { role: 'assistant', content: 'Done' },
      ],
      tools: [tool('go')],
    }
    const { facts, warnings } = await accepted([example])
    t.match(facts, { tool_calls: 30, messages: { tool: 30 } })
    t.same(warnings, [])
  },
)

function pick(message: object): object {
  return 'tool_calls' in message ? { tool_calls: message.tool_calls } : {}
}

t.test('the deprecated functions are accepted', async (t) => {
  const example = {
    messages: [
      user('Go'),
      {
        role: 'assistant',
        content: null,
        function_call: { name: 'go', arguments: '{}' },
      },
      { role: 'function', name: 'go', content: 'ok' },
      { role: 'assistant', content: 'Done', function_call: null },
    ],
    functions: [{ name: 'go', description: 'Goes', parameters: { type: 'object' } }],
  }
  const { facts, warnings } = await accepted([example])
  t.match(facts, { format: 'chat', tools: ['go'], tool_calls: 10 })
  t.same(warnings, [])
})

t.test('an answer dumped from an SDK, with its nulls, is accepted', async (t) => {
  const answer = { role: 'assistant', content: 'Hi', refusal: null, audio: null }
  const { warnings } = await accepted([{ messages: [user('Hi'), answer] }])
  t.same(warnings, [])
})

t.test('a refusal, as text and as part, is accepted', async (t) => {
  await accepted([
    { messages: [user('Hi'), { role: 'assistant', content: null, refusal: 'No.' }] },
    {
      messages: [
        user('Hi'),
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] },
      ],
    },
  ])
  t.pass()
})

t.test('PNG, JPEG and WEBP data URLs are accepted, ten in one example', async (t) => {
  const kinds = (['png', 'jpeg', 'webp'] as const).map((kind) => dataUrl(kind))
  const urls = [...kinds, ...kinds, ...kinds, dataUrl('jpeg', 65)]
  const { facts, warnings } = await accepted([chat(userWithImages(...urls))])
  t.equal(facts.images, 100)
  t.same(warnings, [])
})

t.test('an image of exactly 10 MiB is accepted', async (t) => {
  const url = dataUrl('png', 10 * 1024 * 1024)
  const verdict = await validate(plugin, jsonl([chat(userWithImages(url))]))
  t.ok(verdict.ok)
})

t.test('option maxImagesPerExample: 64 takes as many as Azure', async (t) => {
  const urls = Array.from({ length: 64 }, () => 'https://example.com/a.png')
  const { facts } = await accepted([chat(userWithImages(...urls))], {
    maxImagesPerExample: 64,
  })
  t.equal(facts.images, 640)
})

t.test('option messageKeys: further keys of messages are taken', async (t) => {
  const answer = { role: 'assistant', content: 'Hi', reasoning_content: 'Hm.' }
  const { warnings } = await accepted([{ messages: [user('Hi'), answer] }], {
    messageKeys: ['reasoning_content'],
  })
  t.same(warnings, [])
})

t.test('byte order mark, CRLF and one blank last line are accepted', async (t) => {
  const line = JSON.stringify(chat(user('Hi')))
  for (const content of [`\uFEFF${line}\r\n`, line, `${line}\n\n`, `${line}\r\n \r\n`]) {
    const verdict = await validate(plugin, content)
    t.ok(verdict.ok && verdict.facts.examples === 1)
  }
})

t.test('a file of prompts alone is a reinforcement file, with a warning', async (t) => {
  const { facts, warnings } = await accepted([{ messages: [user('Hi')] }])
  t.equal(facts.format, 'reinforcement')
  t.same(warnings, ['example_missing_assistant_message'])
})

t.test(
  'prompts after an answer go with chat and with reinforcement examples',
  async (t) => {
    const open = { messages: [...chat(user('Hi')).messages, user('And now?')] }
    const inChat = await accepted([chat(user('Hi')), open])
    t.equal(inChat.facts.format, 'chat')
    t.same(inChat.warnings, ['last_message_not_assistant'])
    const inReinforcement = await accepted([reinforcement(), open])
    t.equal(inReinforcement.facts.format, 'reinforcement')
    t.same(inReinforcement.warnings, [])
    t.equal((await accepted([open])).facts.format, 'reinforcement')
  },
)

const hi = user('Hi')
const warned: Record<string, [example: unknown, code: string]> = {
  'a further key of a chat example': [
    { ...chat(hi), source: 'x' },
    'example_unrecognized_key',
  ],
  'a further key of a preference example': [
    preference({ id: 7 }),
    'example_unrecognized_key',
  ],
  'a further key of a completions example': [
    { prompt: 'a', completion: 'b', __proto__x: 1 },
    'example_unrecognized_key',
  ],
  'no user message': [
    chat({ role: 'system', content: 'Be kind.' }),
    'missing_user_message',
  ],
  'a last message of a tool': [
    { messages: [hi, call('a', 'go'), result('a')], tools: [tool('go')] },
    'last_message_not_assistant',
  ],
  'two user messages in a row': [chat(hi, hi), 'consecutive_roles'],
  'a preference input that ends with an answer': [
    preference({ input: chat(hi) }),
    'input_ends_with_assistant',
  ],
  'a call without result': [
    { ...chat(hi, call('a', 'go'), hi), tools: [tool('go')] },
    'missing_tool_result',
  ],
  'a call of a tool that is not defined': [
    { messages: [hi, call('a', 'go')], tools: [tool('stop')] },
    'undefined_tool',
  ],
  'arguments that are not JSON': [
    { messages: [hi, call('a', 'go', '{"a":')], tools: [tool('go')] },
    'invalid_tool_arguments',
  ],
  'an http image': [
    chat(userWithImages('http://example.com/a.png')),
    'insecure_image_url',
  ],
  'a JPEG that says it is a PNG': [
    chat(userWithImages(dataUrl('jpeg').replace('jpeg', 'png'))),
    'image_type_mismatch',
  ],
}

for (const [name, [example, code]] of Object.entries(warned)) {
  t.test(`accepted with a warning: ${name}`, async (t) => {
    t.same((await accepted([example])).warnings, [code])
  })
}

t.test('a warning comes once, with its first line and its number', async (t) => {
  const content = jsonl([chat(hi), ...Array(10).fill({ ...chat(hi), id: 1 })])
  const verdict = await validate(plugin, content)
  t.same(verdict.ok && verdict.warnings, [
    {
      code: 'example_unrecognized_key',
      message: "The example contains an extra 'id'. (10 times)",
      param: 'id',
      line: 2,
    },
  ])
})

t.test('at most 16 names of tools are facts', async (t) => {
  const tools = Array.from({ length: 40 }, (_, n) => tool(`${n}-`.padEnd(64, 'x')))
  const { facts } = await accepted([{ ...chat(hi), tools }])
  t.equal(Array.isArray(facts.tools) && facts.tools.length, 16)
  t.ok(JSON.stringify(facts).length < 8192)
})

t.test('deep nesting and a __proto__ key are read like anything else', async (t) => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  const line = `{"messages":[{"role":"user","content":"Hi"}],"__proto__":${deep}}`
  const verdict = await validate(plugin, line)
  t.ok(verdict.ok && verdict.facts.format === 'reinforcement')
})
