import { startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const { api } = server

const uploadWith = (...fields: readonly (readonly [string, string])[]) =>
  api.upload({ purpose: 'user_data', filename: 'a.txt', content: 'Hello', fields })

const anchor = ['expires_after[anchor]', 'created_at'] as const
const seconds = (text: string) => ['expires_after[seconds]', text] as const

const understood = {
  'the two bracket fields': [anchor, seconds('7200')],
  'the two bracket fields, seconds first': [seconds('7200'), anchor],
  'a JSON string': [['expires_after', '{"anchor":"created_at","seconds":7200}']],
  'a bare integer': [['expires_after', '7200']],
} as const

for (const [form, fields] of Object.entries(understood)) {
  t.test(`expires_after: ${form} is understood`, async (t) => {
    const file = (await uploadWith(...fields)).json()
    t.equal(file.expires_at, file.created_at + 7200)
    t.same((await api.get(file.id)).json(), file)
  })
}

t.test('expires_after: 3600 and 2592000 are within bounds', async (t) => {
  for (const bound of [3600, 2_592_000]) {
    const file = (await uploadWith(anchor, seconds(String(bound)))).json()
    t.equal(file.expires_at, file.created_at + bound)
  }
})

const refused = {
  'below the minimum': {
    fields: [anchor, seconds('3599')],
    code: 'integer_below_min_value',
    param: 'expires_after[seconds]',
  },
  'above the maximum': {
    fields: [anchor, seconds('2592001')],
    code: 'integer_above_max_value',
    param: 'expires_after[seconds]',
  },
  'not an integer': {
    fields: [anchor, seconds('1h')],
    code: 'invalid_type',
    param: 'expires_after[seconds]',
  },
  'a fraction': {
    fields: [anchor, seconds('7200.5')],
    code: 'invalid_type',
    param: 'expires_after[seconds]',
  },
  'another anchor': {
    fields: [['expires_after[anchor]', 'last_active_at'], seconds('7200')],
    code: 'invalid_value',
    param: 'expires_after[anchor]',
  },
  'seconds without anchor': {
    fields: [seconds('7200')],
    code: 'missing_required_parameter',
    param: 'expires_after[anchor]',
  },
  'an anchor without seconds': {
    fields: [anchor],
    code: 'missing_required_parameter',
    param: 'expires_after[seconds]',
  },
  'seconds twice': {
    fields: [anchor, seconds('7200'), seconds('7200')],
    code: 'duplicate_parameter',
    param: 'expires_after[seconds]',
  },
  'two forms at once': {
    fields: [anchor, seconds('7200'), ['expires_after', '7200']],
    code: 'duplicate_parameter',
    param: 'expires_after',
  },
  'JSON that does not parse': {
    fields: [['expires_after', '{"anchor":']],
    code: 'invalid_type',
    param: 'expires_after',
  },
  'JSON with an unknown key': {
    fields: [['expires_after', '{"anchor":"created_at","seconds":7200,"x":1}']],
    code: 'unknown_parameter',
    param: 'expires_after',
  },
  'JSON with seconds as a text': {
    fields: [['expires_after', '{"anchor":"created_at","seconds":"7200"}']],
    code: 'invalid_type',
    param: 'expires_after.seconds',
  },
  'an empty text': {
    fields: [['expires_after', '']],
    code: 'invalid_type',
    param: 'expires_after',
  },
} as const

for (const [what, { fields, code, param }] of Object.entries(refused)) {
  t.test(`expires_after: ${what} is 400 with param, never ignored`, async (t) => {
    t.match((await uploadWith(...fields)).error(), { status: 400, code, param })
  })
}

t.test('the default expiry of batch is 30 days; others are kept', async (t) => {
  const content =
    '{"custom_id":"1","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}'
  const batch = (
    await api.upload({ purpose: 'batch', filename: 'a.jsonl', content })
  ).json()
  t.equal(batch.expires_at, batch.created_at + 30 * 86_400)
  t.notHas((await uploadWith()).json(), { expires_at: Number })
})

t.test('a project sets the default expiry of a purpose', async (t) => {
  const { api } = await server.createProject({
    limits: { purposes: { user_data: { default_expiry_seconds: 600 } } },
  })
  const upload = { filename: 'a.txt', content: 'Hello' }
  const file = (await api.upload({ ...upload, purpose: 'user_data' })).json()
  t.equal(file.expires_at, file.created_at + 600)
  const own = await api.upload({
    ...upload,
    purpose: 'user_data',
    fields: [['expires_after', '3600']],
  })
  t.equal(own.json().expires_at, own.json().created_at + 3600, 'the request goes first')
  const other = await api.upload({ ...upload, purpose: 'assistants' })
  t.notOk('expires_at' in other.json(), 'only that purpose')
})
