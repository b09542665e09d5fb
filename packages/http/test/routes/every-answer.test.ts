import { CustodyError } from '@custody/domain/errors'
import t from 'tap'
import { file, purpose, upload } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { startServer } from '../support/start-server.ts'

t.test('every answer has a request id of ours and the time that it took', async (t) => {
  const { fetch } = await startServer(t)
  const headers = { 'x-request-id': 'mine' }
  const ids = new Set<string>()
  for (const path of ['/healthz', '/readyz', '/v1/files', '/v1/files/x', '/nowhere']) {
    const response = await fetch(path, { headers })
    const id = response.headers.get('x-request-id') ?? ''
    t.match(id, /^req_[0-9a-f]{32}$/)
    t.match(response.headers.get('openai-processing-ms'), /^\d+$/)
    t.equal(response.headers.get('content-type'), 'application/json')
    ids.add(id)
  }
  t.equal(ids.size, 5)
})

for (const [method, path] of [
  ['GET', '/'],
  ['GET', '/v1'],
  ['POST', '/v1/file'],
  ['GET', '/V1/files'],
  ['GET', '/v1/files/file-1/content/more'],
  ['GET', '/v1/organization/projects'],
  ['GET', '/v1/files/'],
  ['POST', '/v1/files/'],
  ['DELETE', '/v1/files/'],
  ['PUT', '/v1/files/'],
  ['OPTIONS', '/v1/files/'],
] as const) {
  t.test(`${method} ${path} is no route: 404 in the envelope`, async (t) => {
    const { fetch } = await startServer(t)
    t.match(await readError(await fetch(path, { method })), {
      status: 404,
      type: 'invalid_request_error',
      code: 'unknown_url',
      param: null,
    })
  })
}

for (const [method, path, allow] of [
  ['PUT', '/v1/files', 'DELETE, GET, HEAD, POST'],
  ['OPTIONS', '/v1/files', 'DELETE, GET, HEAD, POST'],
  ['PUT', '/v1/files/validate', 'DELETE, GET, HEAD, POST'],
  ['POST', '/v1/files/file-1', 'DELETE, GET, HEAD'],
  ['PROPFIND', '/v1/files/file-1', 'DELETE, GET, HEAD'],
  ['DELETE', '/v1/files/file-1/content', 'GET, HEAD'],
  ['POST', '/healthz', 'GET, HEAD'],
] as const) {
  t.test(`${method} ${path} is 405 and names what is allowed`, async (t) => {
    const { fetch } = await startServer(t)
    const response = await fetch(path, { method })
    t.equal(response.headers.get('allow'), allow)
    t.match(await readError(response), { status: 405, code: 'method_not_allowed' })
  })
}

t.test('a defect is answered as 500 without its stack, and logged with it', async (t) => {
  const { fetch, files, errors } = await startServer(t)
  files.list = () => {
    throw new TypeError('secret detail')
  }
  const response = await fetch('/v1/files')
  const text = await response.text()
  t.equal(response.status, 500)
  t.notMatch(text, /secret detail|\.ts/)
  t.match(JSON.parse(text).error, {
    type: 'server_error',
    code: 'internal_error',
    param: null,
  })
  t.equal(errors.length, 1)
})

t.test('a refusal of the service keeps its extra members and headers', async (t) => {
  const { fetch, files, errors } = await startServer(t)
  files.upload = async () => {
    throw new CustodyError('validation_failed', 'Line 3: bad (and 41 more issues)', {
      code: 'invalid_json_line',
      param: 'body.model',
      extra: { issues: [{ line: 3 }], issue_counts: { invalid_json_line: 42 } },
      headers: { 'x-more': 'yes' },
    })
  }
  const response = await fetch('/v1/files', upload([purpose, file]))
  t.equal(response.headers.get('x-more'), 'yes')
  t.same(await readError(response), {
    status: 400,
    message: 'Line 3: bad (and 41 more issues)',
    type: 'invalid_request_error',
    param: 'body.model',
    code: 'invalid_json_line',
    issues: [{ line: 3 }],
    issue_counts: { invalid_json_line: 42 },
  })
  t.same(errors, [])
})

t.test('a full disk is logged as an error, a quota that is used up is not', async (t) => {
  const { fetch, files, errors } = await startServer(t)
  for (const [key, logged] of [
    ['storage_quota_exceeded', []],
    ['insufficient_storage', ['refused']],
  ] as const) {
    files.upload = async () => {
      throw new CustodyError(key, 'refused')
    }
    t.equal((await fetch('/v1/files', upload([purpose, file]))).status, 507)
    t.same(errors, logged)
  }
})

t.test('a status that SDKs retry says when not to', async (t) => {
  const { fetch, files } = await startServer(t)
  const answers = {
    storage_quota_exceeded: [507, 'false', null],
    insufficient_storage: [507, 'false', null],
    file_held: [409, 'false', null],
    overloaded: [503, null, '1'],
    too_many_uploads: [429, null, null],
  } as const
  for (const [key, [status, retry, after]] of Object.entries(answers)) {
    files.beginUpload = () => {
      throw new CustodyError(key as keyof typeof answers, 'no')
    }
    const response = await fetch('/v1/files', upload([purpose, file]))
    t.equal(response.status, status)
    t.equal(response.headers.get('x-should-retry'), retry)
    t.equal(response.headers.get('retry-after'), after)
  }
})

t.test('health says ok, readiness says why not', async (t) => {
  const reasons: string[] = []
  const { fetch } = await startServer(t, {
    health: () => ({ ready: reasons.length === 0, reasons }),
  })
  t.same(await (await fetch('/healthz')).json(), { status: 'ok' })
  t.equal((await fetch('/readyz')).status, 200)
  reasons.push('the clock jumped')
  const response = await fetch('/readyz')
  t.equal(response.status, 503)
  t.match(await response.json(), { reasons: ['the clock jumped'] })
  t.equal((await fetch('/healthz')).status, 200)
})
