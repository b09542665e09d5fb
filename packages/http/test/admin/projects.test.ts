import t from 'tap'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startAdmin } from '../support/start-admin.ts'

const shown = {
  object: 'organization.project',
  created_at: 1_700_000_000,
  archived_at: null,
  status: 'active',
  dialect: 'openai',
  limits: {},
}

t.test('a project is made, shown, changed and archived in OpenAI’s shape', async (t) => {
  const { ask, admin } = await startAdmin(t)
  const made = { ...shown, id: 'proj_0', name: 'One' }
  t.same(await readJson(await ask('POST', '/projects', { name: 'One' })), made)
  t.equal(admin.actor, 'admin')
  t.same(await readJson(await ask('GET', '/projects/proj_0')), made)
  t.match(await readJson(await ask('POST', '/projects/proj_0', { name: 'Two' })), {
    name: 'Two',
  })
  t.match(await readJson(await ask('POST', '/projects/proj_0/archive')), {
    status: 'archived',
    archived_at: 1_700_000_001,
  })
})

t.test('dialect and limits of a project go through as they are', async (t) => {
  const { ask, admin } = await startAdmin(t)
  const limits = {
    max_file_bytes: 1_000,
    purposes: { batch: { max_bytes: 500, default_expiry_seconds: 60 } },
    quota_bytes: 10_000,
  }
  const body = { name: 'One', dialect: 'openai', limits }
  t.match(await readJson(await ask('POST', '/projects', body)), { limits })
  t.same(admin.calls, [body])
})

t.test('lists page by last_id; archived projects come when asked for', async (t) => {
  const { ask } = await startAdmin(t)
  for (const name of ['a', 'b', 'c']) await ask('POST', '/projects', { name })
  await ask('POST', '/projects/proj_1/archive')
  t.match(await readJson(await ask('GET', '/projects?limit=1')), {
    object: 'list',
    data: [{ name: 'a' }],
    first_id: 'proj_0',
    last_id: 'proj_0',
    has_more: true,
  })
  t.match(await readJson(await ask('GET', '/projects?after=proj_0')), {
    data: [{ name: 'c' }],
    last_id: 'proj_2',
    has_more: false,
  })
  const all = await ask('GET', '/projects?include_archived=true')
  t.match(await readJson(all), { data: [{}, { status: 'archived' }, {}] })
  t.match(await readError(await ask('GET', '/projects?limit=101')), {
    status: 400,
    code: 'integer_above_max_value',
    param: 'limit',
  })
})

const purposesOf = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, {}]))

const refused = {
  'no name': [{}, 'missing_required_parameter', 'name'],
  'an empty name': [{ name: ' ' }, 'missing_required_parameter', 'name'],
  'a name of the wrong type': [{ name: 1 }, 'invalid_type', 'name'],
  'a long name': [{ name: 'n'.repeat(257) }, 'string_above_max_length', 'name'],
  'an unknown key': [{ name: 'a', color: 'red' }, 'unknown_parameter', 'color'],
  'an unknown limit': [
    { name: 'a', limits: { speed: 1 } },
    'unknown_parameter',
    'limits.speed',
  ],
  'a limit of zero': [
    { name: 'a', limits: { quota_bytes: 0 } },
    'integer_below_min_value',
    'limits.quota_bytes',
  ],
  'a limit that is no integer': [
    { name: 'a', limits: { quota_bytes: 1.5 } },
    'invalid_type',
    'limits.quota_bytes',
  ],
  'a wrong limit of a purpose': [
    { name: 'a', limits: { purposes: { batch: { max_bytes: '1' } } } },
    'invalid_type',
    'limits.purposes.batch.max_bytes',
  ],
  'an unknown dialect': [{ name: 'a', dialect: 'nope' }, 'invalid_value', 'dialect'],
  'an array': [[], 'invalid_type', 'body'],
  __proto__: ['{"name":"a","__proto__":{}}', 'unknown_parameter', '__proto__'],
  'no JSON': ['{"name":', 'invalid_json', null],
  'a name that is no Unicode text': ['{"name":"\\ud800"}', 'invalid_value', 'name'],
  'a name with U+0000': [{ name: 'a\0b' }, 'invalid_value', 'name'],
  'a purpose with U+0000': [
    { name: 'a', limits: { purposes: { 'a\0b': {} } } },
    'invalid_value',
    'limits.purposes',
  ],
  'a purpose that is no Unicode text': [
    '{"name":"a","limits":{"purposes":{"\\udc00":{}}}}',
    'invalid_value',
    'limits.purposes',
  ],
  'more purposes than a record holds': [
    { name: 'a', limits: { purposes: purposesOf(101) } },
    'invalid_value',
    'limits.purposes',
  ],
  'a purpose of very many characters': [
    { name: 'a', limits: { purposes: { ['p'.repeat(65)]: {} } } },
    'invalid_value',
    'limits.purposes',
  ],
} as const

for (const [what, [body, code, param]] of Object.entries(refused)) {
  t.test(`a project with ${what} is refused`, async (t) => {
    const { ask, admin } = await startAdmin(t)
    t.match(await readError(await ask('POST', '/projects', body)), {
      status: 400,
      code,
      param,
    })
    t.same(admin.calls, [])
  })
}

t.test('null stands for a member that was left out', async (t) => {
  const { ask, admin } = await startAdmin(t)
  await ask('POST', '/projects', { name: 'a', dialect: null, limits: null })
  t.same(admin.calls, [{ name: 'a' }])
})

t.test(
  'a body needs no content type, and may have the one that curl names',
  async (t) => {
    const { ask } = await startAdmin(t)
    const json = '{"name":"a"}'
    const types = [{}, { 'content-type': 'application/x-www-form-urlencoded' }]
    for (const headers of types) {
      t.equal((await ask('POST', '/projects', json, headers)).status, 200)
    }
    const other = { 'content-type': 'application/xml' }
    t.match(await readError(await ask('POST', '/projects', json, other)), {
      status: 415,
      code: 'unsupported_media_type',
    })
  },
)

t.test('a body over 1 MiB is refused, with and without a length', async (t) => {
  const { ask, fetch, admin } = await startAdmin(t)
  const name = 'n'.repeat(2 ** 20)
  const refusal = { status: 413, code: 'body_too_large' }
  t.match(await readError(await ask('POST', '/projects', { name })), refusal)
  const chunked = await fetch('/v1/organization/projects', {
    method: 'POST',
    headers: { authorization: 'Bearer sk-admin-test' },
    body: ReadableStream.from([Buffer.from(JSON.stringify({ name }))]),
    duplex: 'half',
  })
  t.match(await readError(chunked), refusal)
  t.same(admin.calls, [])
})

t.test('only the admin key administers', async (t) => {
  const { ask, url, fetch: asProject } = await startAdmin(t)
  t.match(await readError(await asProject('/v1/organization/projects')), {
    status: 403,
    code: 'insufficient_permissions',
  })
  t.equal((await fetch(`${url}/v1/organization/projects`)).status, 401)
  t.match(await readError(await ask('GET', '/projects/nope')), { status: 404 })
})
