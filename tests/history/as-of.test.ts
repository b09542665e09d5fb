import {
  type ApiClient,
  type FileList,
  multipart,
  startServer,
  until,
} from '@custody/testkit'
import t from 'tap'
import { listEvents, upload } from './event-list.ts'

const server = await startServer(t)
const newProject = () => server.createProject()

type PastList = FileList & { readonly as_of: string }

async function listAsOf(api: ApiClient, query: string): Promise<PastList> {
  const answer = await api.call('GET', `/v1/files?${query}`)
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
  const list = answer.json<PastList>()
  t.equal(answer.headers.get('x-custody-position'), list.as_of)
  return list
}

const idsOf = (list: FileList) => list.data.map(({ id }) => id)

t.test('uploads and deletes say at which position they stand', async (t) => {
  const { api } = await newProject()
  const made = await api.upload({
    purpose: 'user_data',
    filename: 'a.txt',
    content: 'A',
  })
  t.equal(made.headers.get('x-custody-position'), '4')
  const { id } = made.json()
  const deleted = await api.delete(id)
  t.equal(deleted.headers.get('x-custody-position'), '5')
  const { data } = await listEvents(api, `/v1/files/${id}/events`)
  t.same(
    data.map(({ position, type }) => [position, type]),
    [
      ['4', 'custody.file.uploaded'],
      ['5', 'custody.file.deleted'],
    ],
  )
})

t.test('so does what completes an upload in parts, again and again', async (t) => {
  const { api } = await newProject()
  const declared = { filename: 'a.txt', purpose: 'user_data', mime_type: 'text/plain' }
  const upload = await api.call('POST', '/v1/uploads', {
    body: { ...declared, bytes: 4 },
  })
  const path = `/v1/uploads/${upload.json().id}`
  const part = await api.call('POST', `${path}/parts`, {
    body: multipart([{ name: 'data', filename: 'blob', content: 'four' }]),
  })
  const body = { part_ids: [part.json().id] }
  const positions: (string | null)[] = []
  for (let n = 0; n < 2; n += 1) {
    const answer = await api.call('POST', `${path}/complete`, { body })
    t.equal(answer.status, 200, answer.text)
    positions.push(answer.headers.get('x-custody-position'))
  }
  const { data } = await listEvents(api, '/v1/events?types[]=custody.file.uploaded')
  t.same(positions, [data[0]?.position, data[0]?.position])
})

t.test(
  'at every position and time, lists and files are what they were then',
  async (t) => {
    const { api } = await newProject()
    const seen: { position: string; list: FileList }[] = [
      { position: '3', list: await api.list() },
    ]
    const snapshot = async (answer: { headers: Headers }) => {
      const position = answer.headers.get('x-custody-position') ?? ''
      seen.push({ position, list: await api.list() })
    }
    const files: string[] = []
    for (const purpose of ['user_data', 'assistants', 'user_data', 'assistants']) {
      const answer = await api.upload({
        purpose,
        filename: `${purpose}.txt`,
        content: 'A',
      })
      files.push(answer.json().id)
      await snapshot(answer)
    }
    for (const file of [files[1], files[0], files[3]])
      await snapshot(await api.delete(file ?? ''))

    const events = (await listEvents(api, '/v1/events')).data
    t.same(
      seen.map(({ position }) => position),
      ['3', '4', '5', '6', '7', '8', '9', '10'],
    )
    for (const { position, list } of seen) {
      const time = events[Number(position) - 1]?.time ?? ''
      for (const moment of [position, encodeURIComponent(time)]) {
        const { as_of, ...past } = await listAsOf(api, `as_of=${moment}`)
        t.same(past, list, moment)
        t.equal(as_of, position)
        const asc = await listAsOf(api, `as_of=${moment}&order=asc&purpose=assistants`)
        t.same(
          asc.data,
          list.data.filter(({ purpose }) => purpose === 'assistants').toReversed(),
        )
      }
      for (const file of files) {
        const then = list.data.find(({ id }) => id === file)
        const answer = await api.call('GET', `/v1/files/${file}?as_of=${position}`)
        t.equal(answer.status, then ? 200 : 404)
        if (then) {
          t.same(answer.json(), then)
          t.equal(answer.headers.get('x-custody-position'), position)
        } else t.equal(answer.error().message, `No such File object: ${file}`)
      }
    }
    const before = await listAsOf(api, 'as_of=2020-01-01T00:00:00Z')
    t.match(before, { data: [], as_of: '0', first_id: null, has_more: false })
    t.same((await listAsOf(api, 'as_of=0')).data, [])
  },
)

t.test('pages of the past follow each other, while files go', async (t) => {
  const { api } = await newProject()
  const files: string[] = []
  for (let count = 0; count < 5; count += 1) files.push(await upload(api))
  const first = await listAsOf(api, 'as_of=8&limit=2')
  t.same(idsOf(first), [files[4], files[3]])
  for (const file of files) await api.delete(file)
  const second = await listAsOf(
    api,
    `as_of=${first.as_of}&limit=2&after=${first.last_id}`,
  )
  t.same(idsOf(second), [files[2], files[1]])
  t.ok(second.has_more)
  const third = await listAsOf(api, `as_of=8&limit=2&after=${second.last_id}`)
  t.same(idsOf(third), [files[0]])
  t.notOk(third.has_more)
  const notYet = await api.call('GET', `/v1/files?as_of=5&after=${files[4]}`)
  t.match(notYet.error(), { status: 404, param: 'after' })
})

t.test('a file that expired since is there until it did', async (t) => {
  // The dialect that takes an expiry of any length.
  const { api } = await server.createProject({ dialect: 'gravix' })
  const file = await upload(api, {
    fields: [
      ['expires_after[anchor]', 'created_at'],
      ['expires_after[seconds]', '1'],
    ],
  })
  const whileThere = (await api.get(file)).json()
  await until('the expiry', async () => (await api.get(file)).status === 404)
  const then = await api.call('GET', `/v1/files/${file}?as_of=4`)
  t.same(then.json(), whileThere)
  const over = new Date((whileThere.expires_at ?? 0) * 1000).toISOString()
  t.equal((await api.call('GET', `/v1/files/${file}?as_of=${over}`)).status, 404)
  const early = new Date((whileThere.created_at - 1) * 1000).toISOString()
  t.equal((await api.call('GET', `/v1/files/${file}?as_of=${early}`)).status, 404)
})

t.test('holds are told as they were, and outlast a delete that came later', async (t) => {
  const { api } = await server.createProject({
    scopes: ['api.files.read', 'api.files.write', 'api.files.hold', 'api.audit.read'],
  })
  const file = await upload(api)
  const path = `/v1/files/${file}/holds`
  const placed = await api.call('POST', path, { body: { name: 'case-7', note: 'why' } })
  const whileHeld = (await api.call('GET', path)).json<object>()
  await api.call('DELETE', `${path}/case-7`)
  await api.delete(file)
  const asOf = (position: number) => api.call('GET', `${path}?as_of=${position}`)
  t.match((await asOf(4)).json<object>(), { data: [], as_of: '4' })
  const held = await asOf(5)
  t.same(held.json<object>(), { ...whileHeld, as_of: '5' })
  t.match(held.json<object>(), { data: [placed.json<object>()] })
  t.equal(held.headers.get('x-custody-position'), '5')
  t.match((await asOf(6)).json<object>(), { data: [] })
  t.equal((await asOf(7)).status, 404)
  t.equal((await asOf(8)).error().param, 'as_of')
})

t.test('a moment that never was is refused, and named', async (t) => {
  const { api } = await newProject()
  const file = await upload(api)
  const future = new Date(Date.now() + 60_000).toISOString()
  for (const [value, message] of [
    ['5', /no position '5' yet. The last one is '4'/],
    ['999999999999', /no position/],
    [future, /yet to come/],
    ['9999-12-31T23:59:59Z', /yet to come/],
    ['yesterday', /RFC 3339/],
    ['-1', /RFC 3339/],
    ['', /RFC 3339/],
    ['2026-13-01T00:00:00Z', /RFC 3339/],
    ['2026-01-01', /RFC 3339/],
  ] as const) {
    for (const path of ['/v1/files', `/v1/files/${file}`]) {
      const answer = await api.call('GET', `${path}?as_of=${value}`)
      t.match(answer.error(), { status: 400, param: 'as_of', message }, value)
    }
  }
  const twice = await api.call('GET', '/v1/files?as_of=1&as_of=1')
  t.match(twice.error(), { status: 400, code: 'duplicate_parameter', param: 'as_of' })
})

t.test('the past of another project is not there', async (t) => {
  const [mine, other] = [await newProject(), await newProject()]
  const file = await upload(other.api)
  await upload(mine.api)
  t.equal((await mine.api.call('GET', `/v1/files/${file}?as_of=4`)).status, 404)
  t.equal((await listAsOf(mine.api, 'as_of=4')).data.length, 1)
})

t.test(
  'who looks back may see what was deleted, so it takes the scope for that',
  async (t) => {
    const { api } = await server.createProject({
      scopes: ['api.files.read', 'api.files.write'],
    })
    const file = await upload(api)
    for (const path of ['/v1/files', `/v1/files/${file}`]) {
      t.equal((await api.call('GET', path)).status, 200)
      const refused = await api.call('GET', `${path}?as_of=4`)
      t.match(refused.error(), { status: 403, message: /api\.audit\.read/ })
    }
  },
)

t.test('each dialect shows the past as it shows the present', async (t) => {
  for (const dialect of ['gravix', 'platform', 'melious', 'gateflow', 'fastapi-ai']) {
    const { api } = await server.createProject({ dialect })
    const purpose = 'assistants'
    const files = [
      await upload(api, { purpose }),
      await upload(api, { purpose }),
      await upload(api, { purpose }),
    ]
    const { as_of, ...past } = await listAsOf(api, 'as_of=6&limit=2')
    const { total: _, ...present } = {
      ...(await api.list('limit=2')),
      total: undefined,
    }
    t.same(past, present, dialect)
    t.equal(as_of, '6')
    const one = await api.call('GET', `/v1/files/${files[0]}?as_of=6`)
    t.same(one.json(), (await api.get(files[0] ?? '')).json())
    if (dialect !== 'platform') continue
    t.match((await api.call('GET', '/v1/files?as_of=6&limit=1&offset=1')).error(), {
      status: 400,
      code: 'invalid_value',
      param: 'offset',
    })
  }
})
