import { createHash } from 'node:crypto'
import { startServer } from '@custody/testkit'
import t from 'tap'
import { listEvents, upload } from './event-list.ts'

const server = await startServer(t)

/** Seq 1 project, 2 service account, 3 key; then what the test does. */
const newProject = () => server.createProject()

t.test('what happened to a file is told as CloudEvents', async (t) => {
  const { api, id: project, keyId } = await newProject()
  const file = await upload(api, {
    filename: 'plan.txt',
    fields: [['metadata[team]', 'north']],
  })
  await api.delete(file)
  const page = await listEvents(api, `/v1/files/${file}/events`)
  t.match(page, {
    object: 'list',
    first_id: '4',
    last_id: '5',
    has_more: false,
  })
  const [uploaded, deleted] = page.data
  t.match(uploaded, {
    specversion: '1.0',
    id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    type: 'custody.file.uploaded',
    source: `/v1/projects/${project}`,
    subject: file,
    time: /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
    datacontenttype: 'application/json',
    position: '4',
    actor: `key:${keyId}`,
    requestid: /^req_[0-9a-f]{32}$/,
    data: {
      purpose: 'user_data',
      bytes: 5,
      personal: { filename: 'plan.txt', metadata: { team: 'north' } },
      content: { sha256: createHash('sha256').update('Hello').digest('hex') },
    },
  })
  t.match(deleted, {
    type: 'custody.file.deleted',
    subject: file,
    position: '5',
    data: { reason: 'request' },
  })
})

t.test('the request id of an event is the one that the client was told', async (t) => {
  const { api } = await newProject()
  const answer = await api.upload({
    purpose: 'user_data',
    filename: 'a.txt',
    content: 'A',
  })
  const { data } = await listEvents(api, `/v1/files/${answer.json().id}/events`)
  t.equal(data[0]?.requestid, answer.headers.get('x-request-id'))
})

t.test('a file that is not there has no events: one 404 for all', async (t) => {
  const mine = await newProject()
  const other = await newProject()
  const file = await upload(other.api)
  const never = `file-${'0'.repeat(32)}`
  for (const id of [file, never, 'nope']) {
    const answer = await mine.api.call('GET', `/v1/files/${id}/events`)
    t.match(answer.error(), {
      status: 404,
      param: 'id',
      code: null,
      message: `No such File object: ${id}`,
    })
  }
})

t.test('a project sees its own events and no other', async (t) => {
  const one = await newProject()
  const other = await newProject()
  const files = [await upload(one.api), await upload(other.api), await upload(one.api)]
  const { data } = await listEvents(one.api, '/v1/events')
  t.same(
    data.map(({ type, position, subject }) => [position, type, subject]),
    [
      ['1', 'custody.project.created', one.id],
      ['2', 'custody.service_account.created', one.accountId],
      ['3', 'custody.api_key.created', one.keyId],
      ['4', 'custody.file.uploaded', files[0]],
      ['5', 'custody.file.uploaded', files[2]],
    ],
  )
})

t.test('neither a key nor its hash is told, even of a revoked one', async (t) => {
  const { api, id, accountId, key, keyId } = await newProject()
  const keys = `/v1/organization/projects/${id}`
  const { value, id: second } = (
    await server.admin.call('POST', `${keys}/service_accounts/${accountId}/api_keys`, {
      body: {},
    })
  ).json<{ value: string; id: string }>()
  await server.admin.call('DELETE', `${keys}/api_keys/${second}`)
  const { text } = await api.call('GET', '/v1/events')
  for (const secret of [key, value]) {
    t.notMatch(text, secret)
    t.notMatch(text, createHash('sha256').update(secret).digest('hex'))
  }
  const { data } = await listEvents(api, '/v1/events?after=3')
  t.same(
    data.map(({ type, subject }) => [type, subject]),
    [
      ['custody.api_key.created', second],
      ['custody.api_key.revoked', second],
      ['custody.private_data.erased', second],
    ],
  )
  t.match(data[0]?.actor, /^admin/)
  t.not(second, keyId)
  t.same(
    data[2]?.data,
    { erased: [{ position: '4', group: 'credential' }] },
    'positions are those of the project',
  )
})

t.test('pages follow each other by last_id, in either order', async (t) => {
  const { api } = await newProject()
  for (let count = 0; count < 4; count += 1) await upload(api)
  for (const [order, expected] of [
    ['asc', ['1', '2', '3', '4', '5', '6', '7']],
    ['desc', ['7', '6', '5', '4', '3', '2', '1']],
  ] as const) {
    const seen: string[] = []
    let after = ''
    for (let more = true; more; ) {
      const page = await listEvents(api, `/v1/events?limit=3&order=${order}${after}`)
      t.ok(page.data.length <= 3)
      seen.push(...page.data.map(({ position }) => position))
      t.equal(page.last_id, seen.at(-1))
      after = `&after=${page.last_id}`
      more = page.has_more
    }
    t.same(seen, expected)
  }
})

t.test('filters: types, a file, positions and times', async (t) => {
  const { api } = await newProject()
  const [first, second] = [await upload(api), await upload(api)]
  await api.delete(first)
  const { data } = await listEvents(api, '/v1/events')
  const time = (position: number) => encodeURIComponent(data[position - 1]?.time ?? '')
  const deleted = 'types[]=custody.file.deleted'
  const uploaded = 'types[]=custody.file.uploaded'
  for (const [query, expected] of [
    [deleted, ['6']],
    [`${deleted}&${uploaded}`, ['4', '5', '6']],
    [`${deleted}&${deleted}`, ['6']],
    [`file=${first}`, ['4', '6']],
    [`file=${second}&${deleted}`, []],
    [`file=file-${'0'.repeat(32)}`, []],
    ['after=2&before=5', ['3', '4']],
    ['after=5&before=2&order=desc', ['4', '3']],
    ['before=3', ['1', '2']],
    ['after=0&limit=1', ['1']],
    ['after=6', []],
    [`time[gte]=${time(3)}&time[lt]=${time(5)}`, ['3', '4']],
    [`time[gt]=${time(3)}&time[lte]=${time(5)}`, ['4', '5']],
    [`time[gte]=${time(5)}&file=${first}`, ['6']],
    [`time[gte]=${time(5)}&${uploaded}&order=desc`, ['5']],
    ['time[lt]=2020-01-01T00:00:00Z', []],
    [
      'time[gt]=2020-01-01T00:00:00Z&time[lt]=2999-01-01T01:30:00+01:30&limit=2',
      ['1', '2'],
    ],
  ] as const) {
    const page = await listEvents(api, `/v1/events?${query}`)
    t.same(
      page.data.map(({ position }) => position),
      expected,
      query,
    )
  }
})

t.test('a slip in the query is refused, and named', async (t) => {
  const { api } = await newProject()
  const file = await upload(api)
  for (const [query, code, param] of [
    ['purpose=batch', 'unknown_parameter', 'purpose'],
    ['types=custody.file.deleted', 'unknown_parameter', 'types'],
    ['time=2026-01-01T00:00:00Z', 'unknown_parameter', 'time'],
    ['after=1&after=2', 'duplicate_parameter', 'after'],
    ['limit=1&limit=1', 'duplicate_parameter', 'limit'],
    ['types[]=file.deleted', 'invalid_value', 'types[]'],
    ['types[]=FileDeleted', 'invalid_value', 'types[]'],
    ['types[]=', 'invalid_value', 'types[]'],
    ['after=-1', 'invalid_value', 'after'],
    ['after=01', 'invalid_value', 'after'],
    ['after=1e3', 'invalid_value', 'after'],
    ['after=', 'invalid_value', 'after'],
    ['after=5', 'invalid_value', 'after'],
    ['before=5', 'invalid_value', 'before'],
    ['before=999999999999999', 'invalid_value', 'before'],
    [`before=${'9'.repeat(40)}`, 'invalid_value', 'before'],
    ['time[gte]=yesterday', 'invalid_value', 'time[gte]'],
    ['time[lt]=2026-02-30T00:00:00Z', 'invalid_value', 'time[lt]'],
    ['time[lt]=2026-02-20', 'invalid_value', 'time[lt]'],
    ['time[lt]=1767225600', 'invalid_value', 'time[lt]'],
    ['order=up', 'invalid_value', 'order'],
    ['limit=0', 'integer_below_min_value', 'limit'],
    ['limit=1001', 'integer_above_max_value', 'limit'],
    ['limit=ten', 'invalid_type', 'limit'],
  ] as const) {
    for (const path of ['/v1/events', `/v1/files/${file}/events`]) {
      const answer = await api.call('GET', `${path}?${query}`)
      t.match(answer.error(), { status: 400, code, param }, `${path}?${query}`)
    }
  }
  const twice = await api.call('GET', `/v1/files/${file}/events?file=${file}`)
  t.match(twice.error(), { status: 400, code: 'unknown_parameter', param: 'file' })
  const nope = await api.call('GET', '/v1/events?file=nope')
  t.match(nope.error(), { status: 400, code: 'invalid_value', param: 'file' })
})

t.test('the scope api.audit.read is asked for, and nothing else helps', async (t) => {
  const audit = await server.createProject({ scopes: ['api.audit.read'] })
  t.equal((await audit.api.call('GET', '/v1/events')).status, 200)
  const reader = await server.createProject({
    scopes: ['api.files.read', 'api.files.write'],
  })
  const file = await upload(reader.api)
  for (const path of ['/v1/events', `/v1/files/${file}/events`]) {
    const refused = await reader.api.call('GET', path)
    t.match(refused.error(), { status: 403, message: /api\.audit\.read/ })
    t.equal((await server.as().call('GET', path)).status, 401)
    t.equal((await server.admin.call('GET', path)).status, 403)
    t.equal((await reader.api.call('POST', path)).status, 405)
  }
})

t.test(
  'ids are written as the dialect does, and understood in either form',
  async (t) => {
    const { api } = await server.createProject({ dialect: 'platform' })
    const file = await upload(api)
    t.match(file, /^[0-9a-f]{8}-/)
    const asOpenAi = `file-${file.replaceAll('-', '')}`
    for (const id of [file, asOpenAi]) {
      const { data } = await listEvents(api, `/v1/files/${id}/events`)
      t.equal(data[0]?.subject, file)
      const filtered = await listEvents(api, `/v1/events?file=${id}`)
      t.equal(filtered.data[0]?.subject, file)
    }
  },
)
