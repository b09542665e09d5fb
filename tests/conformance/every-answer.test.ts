import { RawConnection, requestHead, startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const { api } = server
const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }

t.test('every answer: x-request-id and openai-processing-ms', async (t) => {
  const { id } = (await api.upload(upload)).json()
  const answers = {
    upload: await api.upload(upload),
    get: await api.get(id),
    list: await api.call('GET', '/v1/files'),
    content: await api.content(id),
    'a range': await api.content(id, { range: 'bytes=0-1' }),
    '304': await api.content(id, { 'if-none-match': '*' }),
    '400': await api.upload([]),
    '401': await server.as().call('GET', '/v1/files'),
    '404': await api.get('file-x'),
    '405': await api.call('PUT', '/v1/files'),
    'an unknown route': await api.call('GET', '/v2'),
    administration: await server.admin.call('GET', '/v1/organization/projects'),
    health: await server.as().call('GET', '/healthz'),
    delete: await api.delete(id),
  }
  const seen = new Set<string>()
  for (const [what, { headers }] of Object.entries(answers)) {
    const requestId = headers.get('x-request-id') ?? ''
    t.match(requestId, /^req_[0-9a-f]{32}$/, what)
    t.match(headers.get('openai-processing-ms'), /^\d+$/, what)
    seen.add(requestId)
  }
  t.equal(seen.size, Object.keys(answers).length, 'each has an id of its own')
})

t.test("every answer: a client's own request id is not taken", async (t) => {
  const mine = `req_${'0'.repeat(32)}`
  const answer = await api.call('GET', '/v1/files', { headers: { 'x-request-id': mine } })
  t.not(answer.headers.get('x-request-id'), mine)
})

t.test('unknown routes: 404 with the envelope', async (t) => {
  for (const path of [
    '/',
    '/v1',
    '/v1/models',
    '/v1/files/x/y',
    '/V1/files',
    '/v1/FILES',
  ]) {
    const { error } = (await api.call('GET', path)).json<{ error: object }>()
    t.same(Object.keys(error), ['message', 'type', 'param', 'code'])
    t.match(error, {
      type: 'invalid_request_error',
      code: 'unknown_url',
      param: null,
      message: `Unknown request URL: GET '${path}'.`,
    })
  }
})

t.test('wrong methods: 405 with Allow', async (t) => {
  const allowed = {
    '/v1/files': 'DELETE, GET, HEAD, POST',
    '/v1/files/file-x': 'DELETE, GET, HEAD',
    '/v1/files/file-x/content': 'GET, HEAD',
  }
  for (const [path, allow] of Object.entries(allowed)) {
    for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
      const answer = await api.call(method, path)
      t.match(answer.error(), { status: 405, code: 'method_not_allowed' })
      t.equal(answer.headers.get('allow'), allow, `${method} ${path}`)
    }
  }
})

const broken = {
  'bytes that are no HTTP': 'HELLO\r\n\r\n',
  'a length that is no number': requestHead('POST /v1/files', 'Content-Length: x'),
  'two different lengths': requestHead(
    'POST /v1/files',
    'Content-Length: 1',
    'Content-Length: 2',
  ),
  'a length and chunks': requestHead(
    'POST /v1/files',
    'Content-Length: 1',
    'Transfer-Encoding: chunked',
  ),
}

for (const [what, bytes] of Object.entries(broken)) {
  t.test(`broken HTTP: ${what} is 400 with the envelope`, async (t) => {
    const connection = await RawConnection.open(server.address)
    const answer = await connection.send(bytes).answer()
    t.match(answer.error(), { status: 400, code: 'bad_request' })
    t.match(answer.headers.get('x-request-id'), /^req_/)
    connection.vanish()
  })
}

t.test('broken HTTP: headers over 16 KiB are 431', async (t) => {
  const connection = await RawConnection.open(server.address)
  const head = requestHead('GET /v1/files', `X-Large: ${'x'.repeat(20_000)}`)
  const answer = await connection.send(head).answer()
  t.match(answer.error(), { status: 431, code: 'headers_too_large' })
  connection.vanish()
})

t.test('never a stack, a path or a key in a refusal', async (t) => {
  const strange = ['/v1/files/%00', '/v1/files/%ff', '/v1/files/..%2f..', '//v1/files']
  for (const path of strange) {
    const answer = await api.call('GET', path)
    t.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`)
    t.notMatch(answer.text, /\.ts|node_modules|sk-custody/)
  }
})

t.test('health: alive and ready, without a key', async (t) => {
  const nobody = server.as()
  t.same((await nobody.call('GET', '/healthz')).json(), { status: 'ok' })
  t.same((await nobody.call('GET', '/readyz')).json(), { status: 'ok' })
})

t.test(
  'the log of the server holds no key, file name, metadata or content',
  async (t) => {
    await api.upload({
      purpose: 'user_data',
      filename: 'very-secret-name.txt',
      content: 'very-secret-content',
      fields: [['metadata[k]', 'very-secret-value']],
    })
    await server.as('sk-very-secret-key').call('GET', '/v1/files')
    t.notMatch(server.logs.join('\n'), /very-secret/)
    t.notMatch(server.logs.join('\n'), server.apiKey)
  },
)
