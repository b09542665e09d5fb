import { validate } from '@custody/plugin-api/testing'
import fc from 'fast-check'
import t from 'tap'
import plugin from '../src/index.ts'
import { jsonl } from './request-line.ts'

const word = fc.string({ unit: 'grapheme', maxLength: 20 })

/** A good file: 1 to 12 requests for one endpoint and model, their bodies with free parameters. */
const file = fc
  .record({
    ids: fc.uniqueArray(word, { minLength: 1, maxLength: 12 }),
    url: fc.constantFrom('/v1/chat/completions', '/v1/responses', '/v1/embeddings'),
    model: fc.string({ minLength: 1 }),
    extra: fc.dictionary(word, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
    messages: fc.array(fc.record({ role: fc.constant('user'), content: word })),
  })
  .map(({ ids, url, model, extra, messages }) =>
    ids.map((custom_id) => ({
      custom_id,
      method: 'POST',
      url,
      body: { ...extra, model, messages, stream: false },
    })),
  )

type Request = { custom_id: string; body: object }

/** Changes of one request that make it wrong; of its first line too, unless it needs a former one. */
const mutations: Record<string, (request: Request, first: Request) => string> = {
  cut: (request) => JSON.stringify(request).slice(0, -1),
  list: (request) => JSON.stringify([request]),
  'no id': (request) => JSON.stringify({ ...request, custom_id: undefined }),
  'wrong id': (request) => JSON.stringify({ ...request, custom_id: 1 }),
  'no method': (request) => JSON.stringify({ ...request, method: undefined }),
  'wrong method': (request) => JSON.stringify({ ...request, method: 'GET' }),
  'no url': (request) => JSON.stringify({ ...request, url: undefined }),
  'wrong url': (request) => JSON.stringify({ ...request, url: '/v1/files' }),
  'no body': (request) => JSON.stringify({ ...request, body: undefined }),
  'wrong body': (request) => JSON.stringify({ ...request, body: 'x' }),
  streaming: (request) =>
    JSON.stringify({ ...request, body: { ...request.body, stream: true } }),
  'no model': (request) =>
    JSON.stringify({ ...request, body: { ...request.body, model: 0 } }),
  'used id': (request, first) =>
    JSON.stringify({ ...request, custom_id: first.custom_id }),
  'other model': (request) =>
    JSON.stringify({ ...request, body: { ...request.body, model: ' other' } }),
}
const needsFormer = new Set(['used id', 'other model'])

t.test('a generated good file is accepted', async () => {
  await fc.assert(
    fc.asyncProperty(file, async (requests) => {
      const verdict = await validate(plugin, jsonl(requests))
      return verdict.ok && verdict.facts.requests === requests.length
    }),
  )
})

t.test('a file with one wrong line is refused at that very line', async () => {
  const names = fc.constantFrom(...Object.keys(mutations))
  await fc.assert(
    fc.asyncProperty(file, names, fc.nat(), async (requests, name, where) => {
      const index = where % requests.length
      const [first, target, mutate] = [requests[0], requests[index], mutations[name]]
      if (!first || !target || !mutate) return
      fc.pre(index > 0 || !needsFormer.has(name))
      const lines = requests.map((request) => JSON.stringify(request))
      lines[index] = mutate(target, first)
      const verdict = await validate(plugin, lines.join('\n'))
      if (verdict.ok) throw new Error('accepted')
      t.ok(verdict.issues.length > 0)
      t.ok(verdict.issues.every(({ line }) => line === index + 1))
    }),
    { numRuns: 300 },
  )
})

t.test('any bytes at all get a verdict', async () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.json().map((json) => Buffer.from(json)),
    fc.array(fc.json()).map((lines) => Buffer.from(lines.join('\n'))),
    fc
      .array(fc.object({ key: fc.constantFrom('custom_id', 'url', 'body', '__proto__') }))
      .map((lines) => Buffer.from(jsonl(lines))),
  )
  await fc.assert(
    fc.asyncProperty(content, async (bytes) => {
      const verdict = await validate(plugin, bytes)
      return verdict.ok === false
    }),
  )
})
