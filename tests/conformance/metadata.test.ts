import { startServer } from '@custody/testkit'
import t from 'tap'

const { api } = await startServer(t)

const uploadWith = (...fields: readonly (readonly [string, string])[]) =>
  api.upload({ purpose: 'user_data', filename: 'a.txt', content: 'Hello', fields })

t.test('metadata: one JSON object string', async (t) => {
  const answer = await uploadWith(['metadata', '{"team":"a","größe":"groß"}'])
  t.same(answer.json().metadata, { team: 'a', größe: 'groß' })
})

t.test('metadata: metadata[key] fields', async (t) => {
  const file = (await uploadWith(['metadata[team]', 'a'], ['metadata[run]', '7'])).json()
  t.same(file.metadata, { team: 'a', run: '7' })
  t.same((await api.get(file.id)).json().metadata, { team: 'a', run: '7' })
})

t.test('metadata: 16 keys, 64 and 512 characters are within bounds', async (t) => {
  const most = Object.fromEntries(
    Array.from({ length: 16 }, (_, n) => [`k${n}`.padEnd(64, 'ü'), '語'.repeat(512)]),
  )
  const answer = await uploadWith(['metadata', JSON.stringify(most)])
  t.same(answer.json().metadata, most)
})

const seventeen = Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, 'x']))

const refused = {
  '17 keys': ['metadata', JSON.stringify(seventeen)],
  'a key of 65 characters': ['metadata', JSON.stringify({ ['k'.repeat(65)]: 'x' })],
  'a value of 513 characters': ['metadata', JSON.stringify({ k: 'x'.repeat(513) })],
  'a number': ['metadata', '{"k":1}'],
  'an array': ['metadata', '["k"]'],
  'no JSON': ['metadata', '{k:1}'],
  'a __proto__ key': ['metadata', '{"__proto__":"x"}'],
  'an empty key': ['metadata', '{"":"x"}'],
} as const

for (const [what, field] of Object.entries(refused)) {
  t.test(`metadata: ${what} is 400 with param`, async (t) => {
    t.match((await uploadWith(field)).error(), { status: 400, param: 'metadata' })
  })
}

t.test('metadata: the same key twice, or both forms, is 400', async (t) => {
  const twice = await uploadWith(['metadata[k]', 'a'], ['metadata[k]', 'b'])
  t.match(twice.error(), {
    status: 400,
    code: 'duplicate_parameter',
    param: 'metadata[k]',
  })
  const both = await uploadWith(['metadata[k]', 'a'], ['metadata', '{"l":"b"}'])
  t.match(both.error(), { status: 400, code: 'duplicate_parameter', param: 'metadata' })
})
