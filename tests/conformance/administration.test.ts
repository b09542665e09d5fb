import { startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const { admin } = server
const organization = (method: string, path: string, body?: object) =>
  admin.call(method, `/v1/organization${path}`, body && { body })

type Page = {
  readonly object: string
  readonly data: readonly { readonly id: string }[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}

t.test('a project takes our extra fields dialect and limits', async (t) => {
  const limits = {
    max_file_bytes: 1000,
    purposes: { batch: { max_bytes: 500, default_expiry_seconds: 3600 } },
    quota_bytes: 5000,
  }
  const body = { name: 'Limited', dialect: 'openai', limits }
  const made = await organization('POST', '/projects', body)
  t.equal(made.status, 200)
  t.match(made.json(), { object: 'organization.project', dialect: 'openai', limits })
  const { id } = made.json()
  t.same((await organization('GET', `/projects/${id}`)).json(), made.json())
  const changed = await organization('POST', `/projects/${id}`, {
    limits: { quota_bytes: 1 },
  })
  t.same(changed.json<{ limits: object }>().limits, { quota_bytes: 1 })
  t.match(changed.json(), { name: 'Limited' }, 'what is not given stays')
})

t.test('new limits hold from the next request on', async (t) => {
  const { api, id } = await server.createProject()
  const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  t.equal((await api.upload(upload)).status, 200)
  await organization('POST', `/projects/${id}`, { limits: { max_file_bytes: 4 } })
  t.equal((await api.upload(upload)).status, 413)
  await organization('POST', `/projects/${id}`, { limits: {} })
  t.equal((await api.upload(upload)).status, 200)
})

t.test('lists page by last_id', async (t) => {
  const { id } = await server.createProject()
  const path = `/projects/${id}/service_accounts`
  for (const name of ['a', 'b', 'c']) await organization('POST', path, { name })
  const first = (await organization('GET', `${path}?limit=3`)).json<Page>()
  t.equal(first.object, 'list')
  t.equal(first.data.length, 3)
  t.equal(first.has_more, true)
  t.equal(first.first_id, first.data[0]?.id)
  t.equal(first.last_id, first.data[2]?.id)
  const next = `${path}?limit=3&after=${first.last_id}`
  const second = (await organization('GET', next)).json<Page>()
  t.equal(second.data.length, 1)
  t.equal(second.has_more, false)
})

t.test(
  'a cursor that ended meanwhile is still one; one that never was is 404',
  async (t) => {
    const { id, accountId } = await server.createProject()
    const path = `/projects/${id}/service_accounts`
    const later = (await organization('POST', path, { name: 'later' })).json()
    await organization('DELETE', `${path}/${accountId}`)
    const page = (await organization('GET', `${path}?after=${accountId}`)).json<Page>()
    t.same(
      page.data.map((one) => one.id),
      [later.id],
    )
    t.equal((await organization('GET', `${path}?after=nonsense`)).status, 404)
  },
)

t.test('scopes: [] is 400 and names the accepted ones', async (t) => {
  const { id } = await server.createProject()
  const path = `/projects/${id}/service_accounts`
  const empty = await organization('POST', path, { name: 'a', scopes: [] })
  t.match(empty.error(), { status: 400, param: 'scopes', message: /'inference'/ })
  const wrong = await organization('POST', path, { name: 'a', scopes: ['files.all'] })
  t.match(wrong.error(), { status: 400, param: 'scopes', message: /'api.files.read'/ })
})

const wrongBodies = {
  'no name': { body: {}, code: 'missing_required_parameter', param: 'name' },
  'an empty name': {
    body: { name: '' },
    code: 'missing_required_parameter',
    param: 'name',
  },
  'a name that is no text': { body: { name: 1 }, code: 'invalid_type', param: 'name' },
  'an unknown key': {
    body: { name: 'a', colour: 'red' },
    code: 'unknown_parameter',
    param: 'colour',
  },
  'an unknown dialect': {
    body: { name: 'a', dialect: 'nonsense' },
    code: 'invalid_value',
    param: 'dialect',
  },
  'a limit that is no integer': {
    body: { name: 'a', limits: { quota_bytes: '1' } },
    code: 'invalid_type',
    param: 'limits.quota_bytes',
  },
  'a limit below its minimum': {
    body: { name: 'a', limits: { quota_bytes: 0 } },
    code: 'integer_below_min_value',
    param: 'limits.quota_bytes',
  },
} as const

for (const [what, { body, code, param }] of Object.entries(wrongBodies)) {
  t.test(`a project with ${what} is 400 ${code}, param ${param}`, async (t) => {
    const answer = await organization('POST', '/projects', body)
    t.match(answer.error(), { status: 400, code, param })
  })
}

t.test('JSON that does not parse, and a body without a type', async (t) => {
  const path = '/v1/organization/projects'
  const broken = await admin.call('POST', path, {
    body: Buffer.from('{"name":'),
    headers: { 'content-type': 'application/json' },
  })
  t.match(broken.error(), { status: 400, code: 'invalid_json' })
  const untyped = await admin.call('POST', path, {
    body: Buffer.from('{"name":"curl -d"}'),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  t.equal(untyped.status, 200, 'curl -d sends it so')
})

t.test('an empty body is one where nothing is to be said', async (t) => {
  const { id } = await server.createProject()
  const answer = await admin.call('POST', `/v1/organization/projects/${id}/archive`, {
    headers: { 'content-type': 'application/json' },
  })
  t.match(answer.json(), { id, status: 'archived' })
})

t.test('what belongs to another project is as what never was', async (t) => {
  const one = await server.createProject()
  const other = await server.createProject()
  const ask = async (method: string, path: string, id: string) => {
    const { status, text } = await organization(
      method,
      `/projects/${one.id}/${path}/${id}`,
    )
    return { status, text: text.replaceAll(id, 'THE_ID') }
  }
  for (const method of ['GET', 'DELETE']) {
    t.same(
      await ask(method, 'api_keys', other.keyId),
      await ask(method, 'api_keys', 'key_0'),
    )
    t.same(
      await ask(method, 'service_accounts', other.accountId),
      await ask(method, 'service_accounts', 'svc_0'),
    )
  }
  t.same((await other.api.list()).data, [], 'and its key is still good')
})

t.test('routes that answer a secret refuse an Idempotency-Key', async (t) => {
  const { id } = await server.createProject()
  const path = `/v1/organization/projects/${id}/service_accounts`
  const answer = await admin.call('POST', path, {
    body: { name: 'a' },
    headers: { 'idempotency-key': 'x' },
  })
  t.match(answer.error(), { status: 400, param: 'Idempotency-Key' })
})

t.test('a list that is asked for in a wrong way is refused by name', async (t) => {
  for (const [query, code] of [
    ['limit=0', 'integer_below_min_value'],
    ['limit=101', 'integer_above_max_value'],
    ['limit=all', 'invalid_type'],
    ['include_archived=yes', 'invalid_type'],
    ['after=a&after=b', 'duplicate_parameter'],
  ] as const) {
    const [param = '', value = ''] = query.split(/[=&]/)
    const { status, ...error } = (await organization('GET', `/projects?${query}`)).error()
    t.match([status, error], [400, { code, param }], query)
    if (code !== 'duplicate_parameter') t.match(error.message, value)
  }
})
