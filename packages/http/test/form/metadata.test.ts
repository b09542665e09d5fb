import t from 'tap'
import { file, type Part, purpose, upload } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startServer } from '../support/start-server.ts'

const json = (value: unknown): Part => ({
  name: 'metadata',
  content: JSON.stringify(value),
})
const pair = (key: string, content: string): Part => ({
  name: `metadata[${key}]`,
  content,
})
const keysOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']))

const accepted: Readonly<Record<string, [readonly Part[], object]>> = {
  'one JSON object': [
    [json({ client: 'acme', year: '2026' })],
    { client: 'acme', year: '2026' },
  ],
  'bracket fields': [
    [pair('client', 'acme'), pair('größe', 'ü')],
    { client: 'acme', größe: 'ü' },
  ],
  '16 keys': [[json(keysOf(16))], keysOf(16)],
  'a key of 64 and a value of 512 characters': [
    [pair('k'.repeat(64), '🙂'.repeat(512))],
    { ['k'.repeat(64)]: '🙂'.repeat(512) },
  ],
  'names of methods of objects': [
    [pair('constructor', 'a'), pair('toString', 'b')],
    { constructor: 'a', toString: 'b' },
  ],
}

for (const [form, [parts, expected]] of Object.entries(accepted)) {
  t.test(`metadata is taken as ${form} and answered`, async (t) => {
    const { fetch } = await startServer(t)
    const response = await fetch('/v1/files', upload([purpose, ...parts, file]))
    t.same((await readJson(response)).metadata, expected)
  })
}

t.test('a file without metadata is answered without the member', async (t) => {
  const { fetch } = await startServer(t)
  const response = await fetch('/v1/files', upload([purpose, file]))
  t.notOk('metadata' in (await readJson(response)))
})

const refused: Readonly<Record<string, [readonly Part[], string, string]>> = {
  'of 17 keys': [[json(keysOf(17))], 'invalid_value', 'metadata'],
  'with a key of 65 characters': [
    [json({ ['k'.repeat(65)]: '' })],
    'string_above_max_length',
    'metadata',
  ],
  'with a value of 513 characters': [
    [pair('k', 'v'.repeat(513))],
    'string_above_max_length',
    'metadata',
  ],
  'with a number': [[json({ a: 1 })], 'invalid_type', 'metadata'],
  'with an object': [[json({ a: {} })], 'invalid_type', 'metadata'],
  'that is an array': [[json(['a'])], 'invalid_type', 'metadata'],
  'that is not JSON': [
    [{ name: 'metadata', content: 'a=b' }],
    'invalid_type',
    'metadata',
  ],
  'with a value that is no Unicode text': [
    [{ name: 'metadata', content: '{"a":"\\ud800"}' }],
    'invalid_value',
    'metadata',
  ],
  'with a key that is no Unicode text': [
    [{ name: 'metadata', content: '{"\\udc00":"a"}' }],
    'invalid_value',
    'metadata',
  ],
  'with U+0000 in a value': [[pair('a', 'b\0c')], 'invalid_value', 'metadata'],
  'with U+0000 in a key': [[json({ 'a\0b': 'c' })], 'invalid_value', 'metadata'],
  'with U+0000 in the object': [[json({ a: 'b\0c' })], 'invalid_value', 'metadata'],
  'with the key __proto__': [
    [{ name: 'metadata', content: '{"__proto__":"x"}' }],
    'unknown_parameter',
    'metadata',
  ],
  'with one key twice': [
    [pair('a', '1'), pair('a', '2')],
    'duplicate_parameter',
    'metadata[a]',
  ],
  'with one key twice in the object': [
    [{ name: 'metadata', content: '{"a":"1","a":"2"}' }],
    'duplicate_parameter',
    'metadata',
  ],
  'in both forms': [
    [json({ a: '1' }), pair('b', '2')],
    'duplicate_parameter',
    'metadata',
  ],
}

for (const [what, [parts, code, param]] of Object.entries(refused)) {
  t.test(`metadata ${what} is refused`, async (t) => {
    const { fetch } = await startServer(t)
    const response = await fetch('/v1/files', upload([purpose, ...parts, file]))
    t.match(await readError(response), { status: 400, code, param })
  })
}
