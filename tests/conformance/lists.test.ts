import { type FileList, type FileObject, startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const { api } = await server.createProject()
const files: FileObject[] = []
for (let n = 0; n < 6; n += 1) {
  const purpose = n % 2 === 0 ? 'user_data' : 'assistants'
  files.push((await api.upload({ purpose, filename: `${n}.txt`, content: 'x' })).json())
}
const newest = files.toReversed()
const at = (index: number): FileObject => {
  const found = files.at(index)
  if (!found) throw new Error(`no file ${index}`)
  return found
}

t.test('list: the body and its members in order', async (t) => {
  const answer = await api.call('GET', '/v1/files?limit=2')
  t.equal(answer.status, 200)
  const page = answer.json<FileList>()
  t.same(Object.keys(page), ['object', 'data', 'first_id', 'last_id', 'has_more'])
  t.same(page, {
    object: 'list',
    data: newest.slice(0, 2),
    first_id: newest[0]?.id,
    last_id: newest[1]?.id,
    has_more: true,
  })
})

t.test('list: ids are null when it is empty', async (t) => {
  const empty = {
    object: 'list',
    data: [],
    first_id: null,
    last_id: null,
    has_more: false,
  }
  t.same(await (await server.createProject()).api.list(), empty)
  t.same(await api.list('purpose=never_used'), empty, 'an unknown purpose is no error')
})

t.test('list: order, after, purpose and their combinations', async (t) => {
  t.same((await api.list()).data, newest)
  t.same((await api.list('order=asc')).data, files)
  t.same((await api.list('order=desc&limit=10000')).data, newest)
  t.same((await api.list(`order=asc&after=${at(1).id}`)).data, files.slice(2))
  t.same((await api.list(`after=${at(1).id}`)).data, [at(0)])
  t.same(
    (await api.list(`order=asc&purpose=assistants&after=${at(0).id}&limit=2`)).data,
    [at(1), at(3)],
    'a cursor of another purpose is a place in the order all the same',
  )
  t.same(
    (await api.list(`after=${at(0).id}`)).data,
    [],
    'after the last there is nothing',
  )
})

t.test('list: has_more is false on a page that is just full', async (t) => {
  t.equal((await api.list('limit=6')).has_more, false)
  t.equal((await api.list('limit=5')).has_more, true)
  t.equal((await api.list('purpose=assistants&limit=3')).has_more, false)
})

const refused = {
  'limit=0': { code: 'integer_below_min_value', param: 'limit' },
  'limit=-1': { code: 'integer_below_min_value', param: 'limit' },
  'limit=10001': { code: 'integer_above_max_value', param: 'limit' },
  'limit=99999999999999999999': { code: 'integer_above_max_value', param: 'limit' },
  'limit=ten': { code: 'invalid_type', param: 'limit' },
  'limit=1.5': { code: 'invalid_type', param: 'limit' },
  'limit=': { code: 'invalid_type', param: 'limit' },
  'order=newest': { code: 'invalid_value', param: 'order' },
  'limit=1&limit=2': { code: 'duplicate_parameter', param: 'limit' },
  'order=asc&order=asc': { code: 'duplicate_parameter', param: 'order' },
  'purpose=a&purpose=b': { code: 'duplicate_parameter', param: 'purpose' },
} as const

for (const [query, expected] of Object.entries(refused)) {
  t.test(`list: ?${query} is 400 ${expected.code}`, async (t) => {
    const answer = await api.call('GET', `/v1/files?${query}`)
    t.match(answer.error(), { status: 400, type: 'invalid_request_error', ...expected })
  })
}

t.test('list: the text of a limit out of range', async (t) => {
  t.equal(
    (await api.call('GET', '/v1/files?limit=10001')).error().message,
    "Invalid 'limit': integer above maximum value. Expected a value <= 10000, but got 10001 instead.",
  )
})

t.test('list: an after that never was is 404, param after', async (t) => {
  for (const after of [`file-${'0'.repeat(32)}`, 'nonsense']) {
    const answer = await api.call('GET', `/v1/files?after=${after}`)
    t.match(answer.error(), { status: 404, param: 'after', code: null })
  }
})

t.test('list: parameters that it does not know are ignored', async (t) => {
  t.same((await api.list('timeout=120&limit=1')).data, newest.slice(0, 1))
})

t.test('list: an after that ended meanwhile is still a cursor', async (t) => {
  const { api } = await server.createProject()
  const ids: string[] = []
  for (const name of ['a', 'b', 'c']) {
    const upload = { purpose: 'user_data', filename: `${name}.txt`, content: name }
    ids.push((await api.upload(upload)).json().id)
  }
  const [first = '', second = '', third] = ids
  await api.delete(second)
  const after = await api.list(`order=asc&after=${second}`)
  t.same(
    after.data.map((file) => file.id),
    [third],
  )
  const before = await api.list(`after=${second}`)
  t.same(
    before.data.map((file) => file.id),
    [first],
  )
})
