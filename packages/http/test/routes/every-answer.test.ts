import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CustodyError } from '@custody/domain/errors'
import t from 'tap'
import { dialectNamed } from '../../src/index.ts'
import { file, purpose, upload } from '../support/forms.ts'
import { openService } from '../support/open-service.ts'
import { readError } from '../support/read-error.ts'
import { startServer } from '../support/start-server.ts'
import { storeFile } from '../support/store-file.ts'

let jump = 0
const on = await openService(t, { clock: () => Date.now() + jump })

t.test('every answer has a request id of ours and the time that it took', async (t) => {
  const { fetch } = await startServer(t, { on })
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
    const { fetch } = await startServer(t, { on })
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
    const { fetch } = await startServer(t, { on })
    const response = await fetch(path, { method })
    t.equal(response.headers.get('allow'), allow)
    t.match(await readError(response), { status: 405, code: 'method_not_allowed' })
  })
}

t.test('a defect is answered as 500 without its stack, and logged with it', async (t) => {
  const { fetch, files, errors } = await startServer(t, { on })
  // A defect that is known would have been repaired: this one is made.
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

t.test('a refusal of the service keeps its extra members', async (t) => {
  const { fetch, errors, leftovers } = await startServer(t, { on })
  const batch = { name: 'purpose', content: 'batch' }
  const content = '{"custom_id":"a","method":"GET"}\n[]\n'
  const response = await fetch('/v1/files', upload([batch, { ...file, content }]))
  const { message, ...rest } = await readError(response)
  t.equal(
    message,
    "Line 1: Invalid value: 'GET'. Supported values are: 'POST'. (and 3 more issues)",
  )
  t.match(rest, {
    status: 400,
    type: 'invalid_request_error',
    param: 'method',
    code: 'invalid_method',
    plugin: '@custody/plugin-batch-jsonl',
    issues: [{ line: 1, code: 'invalid_method' }, { line: 1 }, { line: 1 }, { line: 2 }],
    issue_counts: { invalid_method: 1 },
  })
  t.same(errors, [])
  t.same(await leftovers(), [])
})

t.test('a refusal of the service keeps its headers', async (t) => {
  const { fetch } = await startServer(t, { on, limits: { uploads_per_minute: 1 } })
  t.equal((await fetch('/v1/files', upload([purpose, file]))).status, 200)
  const response = await fetch('/v1/files', upload([purpose, file]))
  t.equal(response.headers.get('x-ratelimit-limit-requests'), '1')
  t.equal(response.headers.get('x-ratelimit-remaining-requests'), '0')
  t.match(await readError(response), { status: 429, code: 'rate_limit_exceeded' })
})

t.test('a full disk is logged as an error, a quota that is used up is not', async (t) => {
  const { fetch, files, errors } = await startServer(t, {
    on,
    limits: { quota_bytes: 1 },
  })
  t.equal((await fetch('/v1/files', upload([purpose, file]))).status, 507)
  t.same(errors, [])
  // The disk is not ours to fill.
  files.upload = async () => {
    throw new CustodyError('insufficient_storage', 'refused')
  }
  t.equal((await fetch('/v1/files', upload([purpose, file]))).status, 507)
  t.same(errors, ['refused'])
})

t.test('a status that SDKs retry says when not to', async (t) => {
  const limits = { quota_bytes: 20 }
  const server = await startServer(t, { on, limits })
  const { fetch, files, service, principal } = server
  const store = (content = file.content) =>
    fetch('/v1/files', upload([purpose, { ...file, content }]))
  const policy = dialectNamed('openai').uploads
  const { signal } = new AbortController()

  const id = await storeFile(server)
  const [{ id: uuid } = { id: '' }] = await server.stored()
  const asked = { idAsSent: id, requestId: 'req_of_a_test' }
  await service.holds.place(principal, uuid, { name: 'A hold' }, asked)
  const sessions = Array.from({ length: 64 }, () =>
    service.files.beginUpload(principal, { policy, declaredBytes: 0, signal }),
  )
  const answers = {
    too_many_uploads: await store(),
    file_held: await fetch(`/v1/files/${id}`, { method: 'DELETE' }),
  }
  for (const session of sessions) await session.close()
  const full = await store('x'.repeat(20))
  // The disk is not ours to fill, and the log's queue takes thousands of writers.
  const refuse = (key: 'insufficient_storage' | 'overloaded') => {
    files.beginUpload = () => {
      throw new CustodyError(key, 'no')
    }
    return store()
  }
  const seen = {
    ...answers,
    storage_quota_exceeded: full,
    insufficient_storage: await refuse('insufficient_storage'),
    overloaded: await refuse('overloaded'),
  }
  const expected = {
    too_many_uploads: [429, null, '1'],
    file_held: [409, 'false', null],
    storage_quota_exceeded: [507, 'false', null],
    insufficient_storage: [507, 'false', null],
    overloaded: [503, null, '1'],
  } as const
  for (const [key, { status, headers }] of Object.entries(seen)) {
    const said = [status, headers.get('x-should-retry'), headers.get('retry-after')]
    t.same(said, expected[key as keyof typeof expected], key)
  }
})

t.test('health says ok, readiness says why not', async (t) => {
  const { fetch } = await startServer(t, { on })
  t.same(await (await fetch('/healthz')).json(), { status: 'ok' })
  t.equal((await fetch('/readyz')).status, 200)
  jump = 3_600_000
  await on.service.startBackground()
  t.teardown(() => on.service.stopBackground())
  while (on.service.health().ready) await sleep(20)
  const response = await fetch('/readyz')
  t.equal(response.status, 503)
  t.match(await response.json(), { reasons: [/^Nothing expires: .*clock/] })
  rmSync(join(on.folder, 'staging'), { recursive: true })
  const reasons = [/^Nothing expires/, 'The folder of content is gone.']
  t.match(await (await fetch('/readyz')).json(), { reasons })
  t.equal((await fetch('/healthz')).status, 200)
})
