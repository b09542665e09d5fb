import type { Facts } from '@custody/plugin-api'
import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import type { BatchOptions } from '../src/options.ts'
import { jsonl, request } from './request-line.ts'

async function facts(content: string | Uint8Array, options: BatchOptions = {}) {
  const verdict = await validate(plugin, content, { options })
  if (!verdict.ok) throw new Error(JSON.stringify(verdict.issues))
  t.same(verdict.warnings, [])
  return verdict.facts
}

const ONE: Facts = {
  requests: 1,
  endpoint: '/v1/chat/completions',
  models: ['gpt-4o-mini'],
}

t.test('the example of the Batch guide is accepted', async (t) => {
  const content = `{"custom_id": "request-1", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-3.5-turbo-0125", "messages": [{"role": "system", "content": "You are a helpful assistant."},{"role": "user", "content": "Hello world!"}],"max_tokens": 1000}}
{"custom_id": "request-2", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-3.5-turbo-0125", "messages": [{"role": "system", "content": "You are an unhelpful assistant."},{"role": "user", "content": "Hello world!"}],"max_tokens": 1000}}
`
  t.same(await facts(content), {
    requests: 2,
    endpoint: '/v1/chat/completions',
    models: ['gpt-3.5-turbo-0125'],
  })
})

t.test('a request for each endpoint of the Batch API is accepted', async (t) => {
  const bodies: Record<string, object> = {
    '/v1/responses': { model: 'gpt-5', input: 'Hello' },
    '/v1/chat/completions': { model: 'gpt-5', messages: [] },
    '/v1/embeddings': { model: 'text-embedding-3-small', input: ['a', 'b'] },
    '/v1/completions': { model: 'gpt-3.5-turbo-instruct', prompt: 'Say' },
    '/v1/moderations': { input: 'Hello' },
    '/v1/images/generations': { prompt: 'A cat' },
    '/v1/images/edits': { prompt: 'A hat', images: [] },
    '/v1/videos': { prompt: 'A cat runs' },
  }
  for (const [url, body] of Object.entries(bodies)) {
    const found = await facts(jsonl([request(1, { url, body })]))
    t.equal(found.endpoint, url)
  }
})

t.test('a response with a stored prompt needs no model', async (t) => {
  const body = { prompt: { id: 'pmpt_1' } }
  const found = await facts(jsonl([request(1, { url: '/v1/responses', body })]))
  t.same(found.models, [])
})

t.test('byte order mark, CRLF and a missing last line end are accepted', async (t) => {
  const line = JSON.stringify(request(1))
  t.same(await facts(`\uFEFF${line}\r\n`), ONE)
  t.same(await facts(`${line}\r\n`), ONE)
  t.same(await facts(line), ONE)
})

t.test('a blank last line is accepted', async (t) => {
  for (const end of ['\n\n', '\r\n\r\n', '\n  \t', '\n \n']) {
    t.same(await facts(JSON.stringify(request(1)) + end), ONE)
  }
})

t.test('a blank line after the last allowed request is accepted', async (t) => {
  const content = `${jsonl([request(1), request(2)])}\n`
  t.equal((await facts(content, { maxRequests: 2 })).requests, 2)
})

t.test(
  'keys beside the four and an explicit stream: false are let through',
  async (t) => {
    const body = { model: 'gpt-4o-mini', messages: [], stream: false }
    t.same(await facts(jsonl([request(1, { body, metadata: { a: 1 } })])), ONE)
  },
)

t.test('the last of two equal keys counts, as in JSON.parse', async (t) => {
  const line = JSON.stringify(request(1)).replace('{', '{"custom_id":7,')
  t.same(await facts(line), ONE)
})

t.test('a __proto__ key is a key like any other', async (t) => {
  const line = JSON.stringify(request(1)).replace('{', '{"__proto__":{"method":"GET"},')
  t.same(await facts(line), ONE)
})

t.test('a body that is nested 100,000 levels deep is read', async (t) => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  const line = JSON.stringify(request(1)).replace('"messages":[', `"messages":[${deep},`)
  t.same(await facts(line), ONE)
})

t.test(
  'ids that differ only after their first 128 characters are different',
  async (t) => {
    const id = (end: string) => `${'x'.repeat(200)}${end}`
    const lines = [request(1, { custom_id: id('a') }), request(2, { custom_id: id('b') })]
    t.equal((await facts(jsonl(lines))).requests, 2)
  },
)

t.test(
  'option endpoints: a further url is accepted, without checks of its body',
  async (t) => {
    const line = request(1, { url: '/v1/rerank', body: { query: 'q' } })
    const found = await facts(jsonl([line]), { endpoints: ['/v1/rerank'] })
    t.same(found, { requests: 1, endpoint: '/v1/rerank', models: [] })
  },
)

t.test('option endpoints cannot relax the checks of a standard endpoint', async (t) => {
  const line = request(1, { body: { messages: [] } })
  const options = { endpoints: ['/v1/chat/completions'] }
  t.notOk((await validate(plugin, jsonl([line]), { options })).ok)
})

t.test('option requireOneModel: false takes several models and names 16', async (t) => {
  const lines = Array.from({ length: 20 }, (_, n) =>
    request(n, { body: { model: `m-${n}`, messages: [] } }),
  )
  const found = await facts(jsonl(lines), { requireOneModel: false })
  t.same(
    found.models,
    Array.from({ length: 16 }, (_, n) => `m-${n}`),
  )
})

t.test('facts stay within 8 KiB whatever the names of the models', async (t) => {
  const lines = Array.from({ length: 16 }, (_, n) =>
    request(n, { body: { model: '\u0000'.repeat(400) + n, messages: [] } }),
  )
  const found = await facts(jsonl(lines), { requireOneModel: false })
  t.ok(JSON.stringify(found).length < 8192)
  t.not(found.models, [])
})
