import t from 'tap'
import { readError } from '../../support/read-error.ts'
import { type FileAnswer, readJson } from '../../support/read-json.ts'
import { startServer, type TestServer } from '../../support/start-server.ts'
import { storeFile } from '../../support/store-file.ts'

type Page = {
  readonly object: string
  readonly data: readonly FileAnswer[]
  readonly first_id: string | null
  readonly last_id: string | null
  readonly has_more: boolean
}

async function list({ fetch }: TestServer, query: string): Promise<Page> {
  return await readJson<Page>(await fetch(`/v1/files${query}`))
}

async function withFiles(t: Parameters<typeof startServer>[0]) {
  const server = await startServer(t)
  const ids: string[] = []
  for (const as of ['assistants', 'user_data', 'assistants'])
    ids.push(await storeFile(server, { as }))
  return { server, ids }
}

t.test('an empty list has null for its ids', async (t) => {
  const server = await startServer(t)
  t.same(await list(server, ''), {
    object: 'list',
    data: [],
    first_id: null,
    last_id: null,
    has_more: false,
  })
})

t.test('files come newest first, or oldest first when asked', async (t) => {
  const { server, ids } = await withFiles(t)
  const idsOf = ({ data }: Page) => data.map(({ id }) => id)
  t.same(idsOf(await list(server, '')), ids.toReversed())
  t.same(idsOf(await list(server, '?order=asc')), ids)
  t.same(idsOf(await list(server, '?order=desc')), ids.toReversed())
})

t.test('pages follow each other by the id of the last file', async (t) => {
  const { server, ids } = await withFiles(t)
  const first = await list(server, '?limit=2&order=asc')
  t.match(first, { first_id: ids[0], last_id: ids[1], has_more: true })
  const second = await list(server, `?limit=2&order=asc&after=${first.last_id}`)
  t.match(second, { first_id: ids[2], last_id: ids[2], has_more: false })
})

t.test('a purpose filters, an unknown one gives an empty list', async (t) => {
  const { server } = await withFiles(t)
  t.equal((await list(server, '?purpose=assistants')).data.length, 2)
  t.equal((await list(server, '?purpose=nope')).data.length, 0)
})

t.test('parameters that nobody knows are ignored, even twice', async (t) => {
  const { server } = await withFiles(t)
  t.equal((await list(server, '?timeout=120&x=1&x=2')).data.length, 3)
})

const id = `file-${'0'.repeat(32)}`
const refused = {
  '?limit=0': [
    400,
    'integer_below_min_value',
    'limit',
    "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got 0 instead.",
  ],
  '?limit=10001': [
    400,
    'integer_above_max_value',
    'limit',
    "Invalid 'limit': integer above maximum value. Expected a value <= 10000, but got 10001 instead.",
  ],
  // The value as it was written, not as a number shows it
  '?limit=1000000000000000000001': [
    400,
    'integer_above_max_value',
    'limit',
    "Invalid 'limit': integer above maximum value. Expected a value <= 10000, but got 1000000000000000000001 instead.",
  ],
  [`?limit=${'9'.repeat(400)}`]: [
    400,
    'integer_above_max_value',
    'limit',
    `Invalid 'limit': integer above maximum value. Expected a value <= 10000, but got ${'9'.repeat(61)}... instead.`,
  ],
  '?limit=-5': [400, 'integer_below_min_value', 'limit', undefined],
  '?limit=ten': [400, 'invalid_type', 'limit', undefined],
  '?limit=1.5': [400, 'invalid_type', 'limit', undefined],
  '?limit=': [400, 'invalid_type', 'limit', undefined],
  '?order=up': [
    400,
    'invalid_value',
    'order',
    "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.",
  ],
  '?limit=1&limit=2': [400, 'duplicate_parameter', 'limit', undefined],
  '?order=asc&order=asc': [400, 'duplicate_parameter', 'order', undefined],
  '?purpose=a&purpose=b': [400, 'duplicate_parameter', 'purpose', undefined],
  [`?after=${id}&after=${id}`]: [400, 'duplicate_parameter', 'after', undefined],
  [`?after=${id}`]: [404, null, 'after', `No such File object: ${id}`],
  '?after=nope': [404, null, 'after', 'No such File object: nope'],
} as const

for (const [query, [status, code, param, message]] of Object.entries(refused)) {
  t.test(`a list with ${query} is refused`, async (t) => {
    const { fetch } = await startServer(t)
    const refusal = await readError(await fetch(`/v1/files${query}`))
    t.match(refusal, { status, code, param })
    if (message !== undefined) t.equal(refusal.message, message)
  })
}

t.test('the upper bound of the limit is taken', async (t) => {
  const { fetch } = await startServer(t)
  t.equal((await fetch('/v1/files?limit=10000')).status, 200)
})
