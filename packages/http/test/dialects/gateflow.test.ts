import t, { type Test } from 'tap'
import { type Part, upload } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startServer } from '../support/start-server.ts'

const request = JSON.stringify({
  custom_id: '1',
  method: 'POST',
  url: '/v1/embeddings',
  body: { model: 'm', input: 'Hello' },
})
const file: Part = { name: 'file', filename: 'a.jsonl', content: `${request}\n` }
const field = (name: string, content: string): Part => ({ name, content })
const purpose = field('purpose', 'batch')

/** A server with a project of the dialect. */
function start(t: Test) {
  return startServer(t, { dialect: 'gateflow' })
}

type Shown = {
  readonly id: string
  readonly status: string
  readonly status_details: null
  readonly metadata?: object
  readonly gateflow: object
}

t.test(
  'every answer tells of processing, and of classes where they were given',
  async (t) => {
    const { fetch } = await start(t)
    const plain = await readJson<Shown>(await fetch('/v1/files', upload([purpose, file])))
    const none = { processing: false, process_id: null }
    t.strictSame(plain.gateflow, none)
    t.equal(plain.status_details, null)
    t.notOk('metadata' in plain)

    const parts = [
      field('gateflow[process]', 'true'),
      field('gateflow[classification]', 'phi'),
      field('gateflow[compliance_regime]', 'HIPAA'),
      field('metadata', '{"client": "acme"}'),
    ]
    const expected = { ...none, classification: 'phi', compliance_regime: 'hipaa' }
    for (const form of [
      [purpose, ...parts, file],
      [file, ...parts, purpose],
      // Over the size of a body that is parsed in one piece
      [purpose, ...parts, { ...file, content: `${request}${' '.repeat(80_000)}\n` }],
    ]) {
      const shown = await readJson<Shown>(await fetch('/v1/files', upload(form)))
      t.strictSame(shown.gateflow, expected)
      t.strictSame(shown.metadata, { client: 'acme' })
      const later = await readJson<Shown>(await fetch(`/v1/files/${shown.id}`))
      t.strictSame(later, shown)
      const list = await readJson<{ data: readonly Shown[] }>(
        await fetch('/v1/files?limit=1'),
      )
      t.strictSame(list.data, [shown])
    }
  },
)

t.test('a wrong option is refused with its name, wherever the file stands', async (t) => {
  const { fetch, leftovers } = await start(t)
  const wrong: readonly (readonly [Part, string, string])[] = [
    [field('gateflow[proces]', 'true'), 'unknown_parameter', 'gateflow[proces]'],
    [field('gateflow[process]', '1'), 'invalid_type', 'gateflow[process]'],
    [field('gateflow', '{"ocr":true}'), 'unknown_parameter', 'gateflow[ocr]'],
    [field('gateflow', 'process'), 'invalid_type', 'gateflow'],
    [{ ...file, name: 'gateflow[process]' }, 'invalid_type', 'gateflow[process]'],
    [{ ...file, name: 'gateflow[x]' }, 'unknown_parameter', 'gateflow[x]'],
  ]
  const large = { ...file, content: `${request}${' '.repeat(80_000)}\n` }
  for (const [part, code, param] of wrong) {
    for (const form of [
      [purpose, part, file],
      [file, part, purpose],
      [purpose, part, large],
    ]) {
      const response = await fetch('/v1/files', upload(form))
      t.match(await readError(response), { status: 400, code, param })
    }
  }
  t.same(await leftovers(), [])
})

t.test('other dialects do not know the options', async (t) => {
  const { fetch } = await startServer(t)
  const response = await fetch(
    '/v1/files',
    upload([purpose, field('gateflow[process]', 'true'), file]),
  )
  t.match(await readError(response), { status: 400, code: 'unknown_parameter' })
})

const refusedQueries: Readonly<Record<string, readonly [code: string, param: string]>> = {
  'classification=PHI': ['invalid_value', 'classification'],
  'classification=': ['invalid_value', 'classification'],
  'classification=secret': ['invalid_value', 'classification'],
  'classification=phi&classification=public': ['duplicate_parameter', 'classification'],
  'compliance_regime=': ['invalid_value', 'compliance_regime'],
  'compliance_regime=a%20b': ['invalid_value', 'compliance_regime'],
  'compliance_regime=a&compliance_regime=a': ['duplicate_parameter', 'compliance_regime'],
  'limit=0': ['integer_below_min_value', 'limit'],
  'limit=10001': ['integer_above_max_value', 'limit'],
}

for (const [query, [code, param]] of Object.entries(refusedQueries)) {
  t.test(`a list with ${query} is refused`, async (t) => {
    const { fetch } = await start(t)
    const response = await fetch(`/v1/files?${query}`)
    t.match(await readError(response), { status: 400, code, param })
  })
}

t.test('a key of nobody is refused as everywhere', async (t) => {
  const { fetch, key } = await startServer(t, {
    parts: () => ({ defaultDialect: 'gateflow' }),
  })
  const headers = { authorization: `Bearer ${key}x` }
  t.match(await readError(await fetch('/v1/files', { headers })), {
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  })
})
