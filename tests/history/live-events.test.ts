import { startServer, type TestProject, until } from '@custody/testkit'
import t, { type Test } from 'tap'
import { listEvents, upload } from './event-list.ts'
import { EventReader } from './event-source.ts'

const server = await startServer(t)

async function follow(
  t: Test,
  { key }: Pick<TestProject, 'key'>,
  query = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<EventReader> {
  const reader = await EventReader.open(
    `${server.address}/v1/events${query}`,
    key,
    headers,
  )
  t.teardown(() => reader.close())
  return reader
}

const positions = (events: readonly { readonly position: string }[]) =>
  events.map(({ position }) => position)

t.test('what happens comes as it is committed, the same as in the list', async (t) => {
  const project = await server.createProject()
  const before = await upload(project.api)
  const reader = await follow(t, project)
  t.equal(reader.response.statusCode, 200)
  t.match(reader.response.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': /^req_/,
  })
  t.equal(await reader.begun(), '4', 'it says from where on')
  const file = await upload(project.api)
  await project.api.delete(file)
  await project.api.delete(before)
  const events = await reader.until(3)
  t.same(events, (await listEvents(project.api, '/v1/events?after=4')).data)
  t.same(
    reader.messages.slice(1).map(({ id, event }) => [id, event]),
    [
      ['5', 'custody.file.uploaded'],
      ['6', 'custody.file.deleted'],
      ['7', 'custody.file.deleted'],
    ],
  )
})

t.test('a reader goes on after its Last-Event-ID, which goes before after', async (t) => {
  const project = await server.createProject()
  for (let count = 0; count < 3; count += 1) await upload(project.api)
  const first = await follow(t, project, '?after=0')
  t.same(positions(await first.until(6)), ['1', '2', '3', '4', '5', '6'])
  first.close()
  await upload(project.api)
  const second = await follow(t, project, '?after=0', { 'last-event-id': '5' })
  t.same(positions(await second.until(2)), ['6', '7'])
  await upload(project.api)
  t.same(positions(await second.until(3)), ['6', '7', '8'], 'then what is new')
})

t.test('many readers from anywhere miss nothing and get nothing twice', async (t) => {
  const project = await server.createProject()
  const total = 400
  const work = Array.from({ length: 8 }, async () => {
    for (let count = 0; count < (total - 8) / 8; count += 1) await upload(project.api)
  })
  for (let count = 0; count < 8; count += 1) await upload(project.api)
  const readers = await Promise.all(
    Array.from({ length: 20 }, (_, number) =>
      follow(t, project, number % 2 === 0 ? `?after=${number % 5}` : ''),
    ),
  )
  await Promise.all(work)
  for (const reader of readers) {
    const from = Number(await reader.begun())
    const seen = await reader.until(3 + total - from)
    t.same(
      positions(seen),
      Array.from({ length: 3 + total - from }, (_, index) => String(from + 1 + index)),
    )
  }
})

t.test('a long history is caught up with, then followed', async (t) => {
  const project = await server.createProject()
  const work = Array.from({ length: 10 }, async () => {
    for (let count = 0; count < 35; count += 1) await upload(project.api)
  })
  await Promise.all(work)
  const reader = await follow(t, project, '?after=0')
  const deletions = await follow(t, project, '?after=0&types[]=custody.file.deleted')
  await reader.until(353)
  await project.api.delete((await project.api.list('limit=1')).data[0]?.id ?? '')
  t.equal((await reader.until(354)).at(-1)?.type, 'custody.file.deleted')
  t.same(positions(await deletions.until(1)), ['354'])
})

t.test('types and a file filter what comes, old and new', async (t) => {
  const project = await server.createProject()
  const [one, other] = [await upload(project.api), await upload(project.api)]
  const deletions = await follow(t, project, '?types[]=custody.file.deleted')
  const ofOne = await follow(t, project, `?after=0&file=${one}`)
  await project.api.delete(other)
  await project.api.delete(one)
  t.same(positions(await deletions.until(2)), ['6', '7'])
  t.same(positions(await ofOne.until(2)), ['4', '7'])
})

t.test('a time says where to begin', async (t) => {
  const project = await server.createProject()
  await upload(project.api)
  await upload(project.api)
  const { data } = await listEvents(project.api, '/v1/events')
  const time = encodeURIComponent(data[3]?.time ?? '')
  t.same(positions(await (await follow(t, project, `?time[gte]=${time}`)).until(2)), [
    '4',
    '5',
  ])
  t.same(positions(await (await follow(t, project, `?time[gt]=${time}`)).until(1)), ['5'])
})

t.test('nothing of another project comes', async (t) => {
  const [mine, other] = [await server.createProject(), await server.createProject()]
  const reader = await follow(t, mine)
  await reader.begun()
  await upload(other.api)
  const file = await upload(mine.api)
  const [event] = await reader.until(1)
  t.equal(event?.subject, file)
  t.equal(reader.events.length, 1)
})

t.test('a slip is refused before the stream begins', async (t) => {
  const project = await server.createProject()
  for (const [query, headers, param] of [
    ['', { 'last-event-id': '4' }, 'Last-Event-ID'],
    ['', { 'last-event-id': 'x' }, 'Last-Event-ID'],
    ['?after=4', {}, 'after'],
    ['?limit=5', {}, 'limit'],
    ['?order=asc', {}, 'order'],
    ['?before=1', {}, 'before'],
    ['?time[lt]=2030-01-01T00:00:00Z', {}, 'time[lt]'],
    ['?since=1', {}, 'since'],
    ['?types[]=nope', {}, 'types[]'],
  ] as const) {
    const answer = await project.api.call('GET', `/v1/events${query}`, {
      headers: { accept: 'text/event-stream', ...headers },
    })
    t.match(answer.error(), { status: 400, param }, `${query} ${JSON.stringify(headers)}`)
  }
  const accept = { headers: { accept: 'text/event-stream' } }
  t.equal((await server.as('sk-nope').call('GET', '/v1/events', accept)).status, 401)
})

t.test('a stream ends when its key loses its right, in whatever way', async (t) => {
  const admin = (method: string, path: string, body?: object) =>
    server.admin.call(method, `/v1/organization/projects${path}`, body && { body })
  const ways: Readonly<Record<string, (project: TestProject) => Promise<unknown>>> = {
    revoked: ({ id, keyId }) => admin('DELETE', `/${id}/api_keys/${keyId}`),
    'without the scope': ({ id, keyId }) =>
      admin('POST', `/${id}/api_keys/${keyId}`, { scopes: ['api.files.read'] }),
    'its account deleted': ({ id, accountId }) =>
      admin('DELETE', `/${id}/service_accounts/${accountId}`),
    'its project archived': ({ id }) => admin('POST', `/${id}/archive`),
    expired: ({ id, keyId }) =>
      admin('POST', `/${id}/api_keys/${keyId}`, { expires_in_seconds: 1 }),
  }
  for (const [name, loseIt] of Object.entries(ways)) {
    const project = await server.createProject()
    const reader = await follow(t, project)
    await reader.begun()
    await loseIt(project)
    await reader.ended()
    t.match(reader.comments.at(-1), 'revoked', name)
  }
})

t.test('a change that leaves the key its right leaves the stream', async (t) => {
  const project = await server.createProject()
  const reader = await follow(t, project)
  await reader.begun()
  await server.admin.call(
    'POST',
    `/v1/organization/projects/${project.id}/api_keys/${project.keyId}`,
    { body: { expires_in_seconds: 3600 } },
  )
  await upload(project.api)
  t.same(
    (await reader.until(2)).map(({ type }) => type),
    ['custody.api_key.updated', 'custody.file.uploaded'],
  )
})

t.test(
  'one key has at most 256 streams, and a reader that goes makes room',
  async (t) => {
    const project = await server.createProject()
    const readers: EventReader[] = []
    for (let count = 0; count < 256; count += 1) readers.push(await follow(t, project))
    const refused = await project.api.call('GET', '/v1/events', {
      headers: { accept: 'text/event-stream' },
    })
    t.match(refused.error(), { status: 429, code: 'too_many_streams' })
    t.ok(refused.headers.get('retry-after'))
    readers[0]?.close()
    await until('room for one more', async () => {
      const reader = await follow(t, project)
      return reader.response.statusCode === 200
    })
  },
)

t.test('a server that stops ends its streams at once', async (t) => {
  const own = await startServer(t)
  const reader = await EventReader.open(`${own.address}/v1/events`, own.apiKey)
  await reader.begun()
  t.equal(await own.stop(), 0)
  await reader.ended()
  t.match(reader.comments.at(-1), 'stopping')
})
