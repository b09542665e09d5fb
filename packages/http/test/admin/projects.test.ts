import t from 'tap'
import { adminKey } from '../support/open-service.ts'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startAdmin } from '../support/start-admin.ts'

type Project = { readonly id: string; readonly created_at: number }

t.test('a project is made, shown, changed and archived in OpenAI’s shape', async (t) => {
  const { ask, fetch } = await startAdmin(t)
  const before = Math.floor(Date.now() / 1000)
  const made = await readJson<Project>(await ask('POST', '/projects', { name: 'One' }))
  t.match(made.id, /^proj_[0-9a-f]{32}$/)
  t.ok(made.created_at >= before && made.created_at <= Date.now() / 1000)
  t.same(made, {
    id: made.id,
    object: 'organization.project',
    name: 'One',
    created_at: made.created_at,
    archived_at: null,
    status: 'active',
    dialect: 'openai',
    limits: {},
  })
  const path = `/projects/${made.id}`
  t.same(await readJson(await ask('GET', path)), made)
  const renamed = { ...made, name: 'Two' }
  t.same(await readJson(await ask('POST', path, { name: 'Two' })), renamed)

  const account = await ask('POST', `${path}/service_accounts`, { name: 'auditor' })
  const { api_key } = await readJson<{ api_key: { value: string } }>(account)
  const headers = { authorization: `Bearer ${api_key.value}` }
  t.match(await readJson(await fetch('/v1/events', { headers })), {
    data: [
      { type: 'custody.project.created', actor: 'admin' },
      { type: 'custody.project.updated', actor: 'admin' },
      { type: 'custody.service_account.created', actor: 'admin' },
    ],
  })

  const archived = await readJson<{ archived_at: number }>(
    await ask('POST', `${path}/archive`),
  )
  const { archived_at } = archived
  t.ok(archived_at >= made.created_at && archived_at <= Date.now() / 1000)
  t.same(archived, { ...renamed, status: 'archived', archived_at })
})

t.test('dialect and limits of a project are kept as they are', async (t) => {
  const { ask } = await startAdmin(t)
  const limits = {
    max_file_bytes: 1_000,
    purposes: { batch: { max_bytes: 500, default_expiry_seconds: 60 } },
    quota_bytes: 10_000,
  }
  const body = { name: 'One', dialect: 'melious', limits }
  const { id } = await readJson(await ask('POST', '/projects', body))
  const shown = await readJson<typeof body>(await ask('GET', `/projects/${id}`))
  t.same(shown.limits, limits)
  t.equal(shown.dialect, 'melious')
})

t.test('lists page by last_id; archived projects come when asked for', async (t) => {
  const { ask, project } = await startAdmin(t)
  const ids: string[] = []
  for (const name of ['a', 'b', 'c']) {
    ids.push((await readJson(await ask('POST', '/projects', { name }))).id)
  }
  const [a, b, c] = ids
  await ask('POST', `/projects/${b}/archive`)
  t.match(await readJson(await ask('GET', '/projects?limit=1')), {
    object: 'list',
    data: [{ id: 'default' }],
    first_id: 'default',
    last_id: 'default',
    has_more: true,
  })
  t.match(await readJson(await ask('GET', `/projects?limit=1&after=${project}`)), {
    object: 'list',
    data: [{ name: 'a' }],
    first_id: a,
    last_id: a,
    has_more: true,
  })
  const rest = await readJson<{ data: unknown[] }>(
    await ask('GET', `/projects?after=${a}`),
  )
  t.match(rest, { data: [{ name: 'c' }], last_id: c, has_more: false })
  t.equal(rest.data.length, 1)
  const all = await ask('GET', `/projects?include_archived=true&after=${project}`)
  t.match(await readJson(all), { data: [{ id: a }, { status: 'archived' }, { id: c }] })
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
  'a name twice': ['{"name":"a","name":"b"}', 'duplicate_parameter', 'name'],
  'a limit twice': [
    '{"name":"a","limits":{"quota_bytes":1,"quota_bytes":9}}',
    'duplicate_parameter',
    'quota_bytes',
  ],
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
    const { ask, projectsSince } = await startAdmin(t)
    t.match(await readError(await ask('POST', '/projects', body)), {
      status: 400,
      code,
      param,
    })
    t.same(await projectsSince(), [])
  })
}

t.test('null stands for a member that was left out', async (t) => {
  const { ask } = await startAdmin(t)
  const body = { name: 'a', dialect: null, limits: null }
  const made = await readJson(await ask('POST', '/projects', body))
  t.match(made, { name: 'a', dialect: 'openai', limits: {} })
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
  const { ask, fetch, projectsSince } = await startAdmin(t)
  const name = 'n'.repeat(2 ** 20)
  const refusal = { status: 413, code: 'body_too_large' }
  t.match(await readError(await ask('POST', '/projects', { name })), refusal)
  const chunked = await fetch('/v1/organization/projects', {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}` },
    body: ReadableStream.from([Buffer.from(JSON.stringify({ name }))]),
    duplex: 'half',
  })
  t.match(await readError(chunked), refusal)
  t.same(await projectsSince(), [])
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
