import t from 'tap'
import { readError } from '../support/read-error.ts'
import { startServer, type TestServer } from '../support/start-server.ts'
import { storeFile } from '../support/store-file.ts'

const content = '0123456789'

async function get(server: TestServer, id: string, headers: Record<string, string>) {
  const response = await server.fetch(`/v1/files/${id}/content`, { headers })
  return {
    status: response.status,
    range: response.headers.get('content-range'),
    length: response.headers.get('content-length'),
    body: await response.text(),
  }
}

const partial = {
  'bytes=0-0': ['0', '0-0'],
  'bytes=2-4': ['234', '2-4'],
  'bytes=7-': ['789', '7-9'],
  'bytes=-3': ['789', '7-9'],
  'bytes=-100': [content, '0-9'],
  'bytes=5-100': ['56789', '5-9'],
} as const

for (const [range, [body, answered]] of Object.entries(partial)) {
  t.test(`${range} is answered in part`, async (t) => {
    const server = await startServer(t)
    const id = await storeFile(server, { content })
    t.same(await get(server, id, { range }), {
      status: 206,
      body,
      length: String(body.length),
      range: `bytes ${answered}/10`,
    })
  })
}

t.test('a content that comes as a stream is answered in part as well', async (t) => {
  const server = await startServer(t)
  const bytes = 700_000
  const large = Array.from({ length: bytes / 7 }, (_, at) => `${at}`.padStart(7)).join('')
  const id = await storeFile(server, { content: large })
  for (const [range, first, last] of [
    ['bytes=0-0', 0, 0],
    ['bytes=2-4', 2, 4],
    ['bytes=200000-600000', 200_000, 600_000],
    [`bytes=${bytes - 3}-`, bytes - 3, bytes - 1],
    ['bytes=-3', bytes - 3, bytes - 1],
    ['bytes=-1000000', 0, bytes - 1],
    ['bytes=5-1000000', 5, bytes - 1],
  ] as const) {
    t.same(await get(server, id, { range }), {
      status: 206,
      body: large.slice(first, last + 1),
      length: String(last + 1 - first),
      range: `bytes ${first}-${last}/${bytes}`,
    })
  }
})

for (const range of [
  'bytes=0-1,4-5',
  'bytes=5-2',
  'bytes=-',
  'bytes=a-b',
  'lines=1-2',
  'bytes 1-2',
]) {
  t.test(`${range} is passed over: the whole is answered`, async (t) => {
    const server = await startServer(t)
    const id = await storeFile(server, { content })
    t.match(await get(server, id, { range }), { status: 200, body: content, range: null })
  })
}

for (const range of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) {
  t.test(`${range} is beyond the end: 416 with the size`, async (t) => {
    const server = await startServer(t)
    const id = await storeFile(server, { content })
    const response = await server.fetch(`/v1/files/${id}/content`, { headers: { range } })
    t.equal(response.headers.get('content-range'), 'bytes */10')
    t.match(await readError(response), { status: 416, code: 'range_not_satisfiable' })
  })
}

t.test('If-Range lets a range through only for the same content', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server, { content })
  const etag = (await server.fetch(`/v1/files/${id}/content`)).headers.get('etag') ?? ''
  const range = 'bytes=2-4'
  t.match(await get(server, id, { range, 'if-range': etag }), {
    status: 206,
    body: '234',
  })
  for (const other of ['"other"', `W/${etag}`, 'Sat, 21 Nov 2026 09:00:00 GMT']) {
    t.match(await get(server, id, { range, 'if-range': other }), {
      status: 200,
      body: content,
    })
  }
})

t.test('If-None-Match answers 304 for the same content', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server, { content })
  const etag = (await server.fetch(`/v1/files/${id}/content`)).headers.get('etag') ?? ''
  for (const match of [etag, `"other", ${etag}`, `W/${etag}`, '*']) {
    const headers = { 'if-none-match': match, range: 'bytes=50-' }
    const response = await server.fetch(`/v1/files/${id}/content`, { headers })
    t.equal(response.status, 304)
    t.equal(response.headers.get('etag'), etag)
    t.equal(await response.text(), '')
  }
  const headers = { 'if-none-match': '"other"' }
  t.equal((await server.fetch(`/v1/files/${id}/content`, { headers })).status, 200)
})

t.test('a range means nothing to HEAD', async (t) => {
  const server = await startServer(t)
  const id = await storeFile(server, { content })
  const response = await server.fetch(`/v1/files/${id}/content`, {
    method: 'HEAD',
    headers: { range: 'bytes=2-4' },
  })
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-length'), '10')
})
