import type { Issue } from '@custody/plugin-api'
import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import type { BatchOptions } from '../src/options.ts'
import { jsonl, request } from './request-line.ts'

async function refused(content: string | Uint8Array, options: BatchOptions = {}) {
  const verdict = await validate(plugin, content, { options })
  if (verdict.ok) throw new Error('accepted')
  return verdict
}

async function issues(content: string | Uint8Array, options: BatchOptions = {}) {
  return (await refused(content, options)).issues
}

/** The issues of a file whose second line is a changed request. */
function secondLine(change: Record<string, unknown>) {
  return issues(jsonl([request(1), request(2, change), request(3)]))
}

const chatBody = (change: object) => ({ ...request(2).body, ...change })

const cases: Record<string, [change: Record<string, unknown>, Omit<Issue, 'line'>]> = {
  'no custom_id': [
    { custom_id: undefined },
    {
      code: 'missing_required_parameter',
      message: "Missing required parameter: 'custom_id'.",
      param: 'custom_id',
    },
  ],
  'no method': [
    { method: undefined },
    {
      code: 'missing_required_parameter',
      message: "Missing required parameter: 'method'.",
      param: 'method',
    },
  ],
  'no url': [
    { url: undefined },
    {
      code: 'missing_required_parameter',
      message: "Missing required parameter: 'url'.",
      param: 'url',
    },
  ],
  'no body': [
    { body: undefined },
    {
      code: 'missing_required_parameter',
      message: "Missing required parameter: 'body'.",
      param: 'body',
    },
  ],
  'a number as custom_id': [
    { custom_id: 7 },
    {
      code: 'invalid_type',
      message:
        "Invalid type for 'custom_id': expected a string, but got an integer instead.",
      param: 'custom_id',
    },
  ],
  'a boolean as method': [
    { method: true },
    {
      code: 'invalid_type',
      message: "Invalid type for 'method': expected a string, but got a boolean instead.",
      param: 'method',
    },
  ],
  'null as url': [
    { url: null },
    {
      code: 'invalid_type',
      message: "Invalid type for 'url': expected a string, but got null instead.",
      param: 'url',
    },
  ],
  'a list as body': [
    { body: [] },
    {
      code: 'invalid_type',
      message: "Invalid type for 'body': expected an object, but got an array instead.",
      param: 'body',
    },
  ],
  'a string as body': [
    { body: '{}' },
    {
      code: 'invalid_type',
      message: "Invalid type for 'body': expected an object, but got a string instead.",
      param: 'body',
    },
  ],
  'a decimal number as model': [
    { body: chatBody({ model: 3.5 }) },
    {
      code: 'invalid_type',
      message:
        "Invalid type for 'body.model': expected a string, but got a decimal number instead.",
      param: 'body.model',
    },
  ],
  'an object as model': [
    { body: chatBody({ model: {} }) },
    {
      code: 'invalid_type',
      message:
        "Invalid type for 'body.model': expected a string, but got an object instead.",
      param: 'body.model',
    },
  ],
  'the custom_id of another line': [
    { custom_id: 'request-1' },
    {
      code: 'duplicate_custom_id',
      message:
        "Duplicate custom_id 'request-1': it was first used on line 1. Each custom_id must be unique in the file.",
      param: 'custom_id',
    },
  ],
  'another method': [
    { method: 'GET' },
    {
      code: 'invalid_method',
      message: "Invalid value: 'GET'. Supported values are: 'POST'.",
      param: 'method',
    },
  ],
  'a lower-case method': [
    { method: 'post' },
    {
      code: 'invalid_method',
      message: "Invalid value: 'post'. Supported values are: 'POST'.",
      param: 'method',
    },
  ],
  'an endpoint that batches do not have': [
    { url: '/v1/audio/speech' },
    {
      code: 'invalid_url',
      message:
        "Invalid value: '/v1/audio/speech'. Supported values are: '/v1/responses', '/v1/chat/completions', '/v1/embeddings', '/v1/completions', '/v1/moderations', '/v1/images/generations', '/v1/images/edits', '/v1/videos'.",
      param: 'url',
    },
  ],
  'another endpoint than the first line': [
    { url: '/v1/completions' },
    {
      code: 'invalid_url',
      message:
        "The URL provided for this request does not match the batch endpoint. It is '/v1/completions', but line 1 has '/v1/chat/completions'.",
      param: 'url',
    },
  ],
  'another model than the first line': [
    { body: chatBody({ model: 'gpt-5' }) },
    {
      code: 'mismatched_model',
      message:
        "The model 'gpt-5' does not match 'gpt-4o-mini' of line 1. All requests of a batch must use the same model.",
      param: 'body.model',
    },
  ],
  'no model': [
    { body: chatBody({ model: undefined }) },
    {
      code: 'invalid_request',
      message: 'Model parameter is required.',
      param: 'body.model',
    },
  ],
  'an empty model': [
    { body: chatBody({ model: '' }) },
    {
      code: 'invalid_request',
      message: 'Model parameter is required.',
      param: 'body.model',
    },
  ],
  'no messages': [
    { body: chatBody({ messages: undefined }) },
    {
      code: 'invalid_request',
      message: 'Messages parameter is required.',
      param: 'body.messages',
    },
  ],
  streaming: [
    { body: chatBody({ stream: true }) },
    {
      code: 'streaming_unsupported',
      message: 'Chat Completions: Streaming is not supported in the Batch API.',
      param: 'body.stream',
    },
  ],
}

for (const [name, [change, issue]] of Object.entries(cases)) {
  t.test(`a line is refused for: ${name}`, async (t) => {
    t.same(await secondLine(change), [{ ...issue, line: 2 }])
  })
}

t.test('a line that is not JSON is refused with its number', async (t) => {
  const good = JSON.stringify(request(1))
  for (const bad of [
    '{malformed',
    '{"a":1}}',
    "{'a':1}",
    'custom_id,method',
    '{"a":\t',
  ]) {
    t.same(await issues(`${good}\n${bad}\n`), [
      {
        code: 'invalid_json_line',
        message: 'This line is not parseable as valid JSON.',
        line: 2,
      },
    ])
  }
})

t.test('a first line that is not JSON says that the file must be JSONL', async (t) => {
  const [issue] = await issues('{malformed json\n')
  t.match(issue?.message, /^This line is not parseable as valid JSON\./)
  t.match(issue?.message, /Invalid file format for Batch API\. Must be \.jsonl$/)
})

t.test('a line that is JSON but no object is refused', async (t) => {
  const kinds = { '[]': 'an array', '"a"': 'a string', null: 'null', 7: 'an integer' }
  for (const [text, kind] of Object.entries(kinds)) {
    t.same(await issues(`${JSON.stringify(request(1))}\n${text}\n`), [
      {
        code: 'invalid_json_line',
        message: `This line is not parseable as valid JSON. Expected an object, but got ${kind} instead.`,
        line: 2,
      },
    ])
  }
})

t.test('a blank line that is not the last one is refused', async (t) => {
  const content = `${jsonl([request(1)])}\n${jsonl([request(2)])}\n \n`
  t.same(
    (await issues(content)).map(({ code, line }) => [code, line]),
    [
      ['invalid_json_line', 2],
      ['invalid_json_line', 4],
    ],
  )
})

t.test('all lines are checked, and every issue is reported once, in order', async (t) => {
  const content = [
    '{"custom_id":"a"}',
    JSON.stringify(request(2, { custom_id: 'a', method: 'PUT' })),
    '{',
    JSON.stringify(request(4)),
    JSON.stringify(request(4)),
  ].join('\n')
  const verdict = await refused(content)
  t.same(
    verdict.issues.map(({ code, param, line }) => [line, code, param]),
    [
      [1, 'missing_required_parameter', 'method'],
      [1, 'missing_required_parameter', 'url'],
      [1, 'missing_required_parameter', 'body'],
      [2, 'duplicate_custom_id', 'custom_id'],
      [2, 'invalid_method', 'method'],
      [3, 'invalid_json_line', undefined],
      [5, 'duplicate_custom_id', 'custom_id'],
    ],
  )
})

t.test('a duplicate names the first use, not the last', async (t) => {
  const lines = [1, 2, 1, 1].map((n) => request(n))
  const found = await issues(jsonl(lines))
  t.same(
    found.map(({ line, message }) => [
      line,
      /first used on line (\d+)/.exec(message)?.[1],
    ]),
    [
      [3, '1'],
      [4, '1'],
    ],
  )
})

t.test(
  'a long custom_id that comes twice is found, and cut in the message',
  async (t) => {
    const custom_id = 'x'.repeat(1000)
    const [issue] = await issues(
      jsonl([request(1, { custom_id }), request(2, { custom_id })]),
    )
    t.equal(issue?.code, 'duplicate_custom_id')
    t.ok((issue?.message.length ?? 0) < 200)
  },
)

t.test('an unknown url of the first line does not make the others wrong', async (t) => {
  const found = await issues(
    jsonl([request(1, { url: '/chat' }), request(2), request(3)]),
  )
  t.same(
    found.map(({ line, code }) => [line, code]),
    [[1, 'invalid_url']],
  )
})

t.test('100 issues are kept and all are counted', async (t) => {
  const lines = Array.from({ length: 250 }, (_, n) => request(n, { method: 'GET' }))
  const verdict = await refused(jsonl(lines))
  t.equal(verdict.issues.length, 100)
  t.equal(verdict.issueCounts.invalid_method, 250)
})

t.test('a file of 50,000 requests is accepted, one more is too_many_tasks', async (t) => {
  const lines = Array.from({ length: 50_000 }, (_, n) => JSON.stringify(request(n)))
  t.ok((await validate(plugin, lines.join('\n'))).ok)
  lines.push(JSON.stringify(request(50_000)))
  t.same(await issues(lines.join('\n')), [
    {
      code: 'too_many_tasks',
      message:
        'The input file contains more than 50000 requests, the limit of a batch. Reading stopped here.',
      line: 50_001,
    },
  ])
})

t.test(
  'option maxRequests: reading stops after the first request too many',
  async (t) => {
    const content = `${jsonl([1, 2, 3, 4].map((n) => request(n)))}{broken\n`
    const verdict = await refused(content, { maxRequests: 2 })
    t.same(verdict.issueCounts, { too_many_tasks: 1 })
    t.equal(verdict.issues[0]?.line, 3)
  },
)

t.test('endless blank lines are not read to their end', async (t) => {
  const content = jsonl([request(1)]) + '\n'.repeat(1000)
  const verdict = await refused(content, { maxRequests: 10 })
  t.same(verdict.issueCounts, { invalid_json_line: 10 })
})

t.test('a request after too many blank lines does not make an empty file', async (t) => {
  const content = '\n'.repeat(20) + jsonl([request(1)])
  const verdict = await refused(content, { maxRequests: 10 })
  t.same(verdict.issueCounts, { invalid_json_line: 11 })
})

t.test('a file without a request is empty_file', async (t) => {
  for (const content of ['', '\n', '\r\n', '\uFEFF', '  \n\n\t\n']) {
    t.same(await issues(content), [
      {
        code: 'empty_file',
        message:
          'The input file is empty. Please ensure that the batch contains at least one request.',
      },
    ])
  }
})

t.test(
  'bytes that are not UTF-8 are refused with their line, after earlier issues',
  async (t) => {
    const content = Buffer.concat([
      Buffer.from(jsonl([request(1), request(2, { method: 'GET' })])),
      Buffer.from([0x7b, 0xff, 0x7d, 0x0a]),
    ])
    const found = await issues(content)
    t.same(
      found.map(({ line, code }) => [line, code]),
      [
        [2, 'invalid_method'],
        [3, 'invalid_utf8'],
      ],
    )
  },
)

t.test('a line of over 32 MiB is refused', async (t) => {
  const found = await issues(jsonl([request(1, { pad: 'x'.repeat(32 * 1024 * 1024) })]))
  t.same(
    found.map(({ line, code }) => [line, code]),
    [[1, 'line_too_long']],
  )
})

t.test(
  'the streaming message names the endpoint, and nothing when it is unknown',
  async (t) => {
    const body = { model: 'm', stream: true }
    const [known] = await issues(jsonl([request(1, { url: '/v1/responses', body })]))
    t.equal(known?.message, 'Responses: Streaming is not supported in the Batch API.')
    const [, unknown] = await issues(jsonl([request(1, { url: '/v1/x', body })]))
    t.equal(unknown?.message, 'Streaming is not supported in the Batch API.')
  },
)
