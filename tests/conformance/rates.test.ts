import { RawConnection, requestHead, startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
const limited = (uploads_per_minute: number) =>
  server.createProject({ limits: { uploads_per_minute } })

t.test('uploads over the rate of the project are 429, with Retry-After', async (t) => {
  const { api } = await limited(3)
  for (const left of ['2', '1', '0']) {
    const { status, headers } = await api.upload(upload)
    t.equal(status, 200)
    t.equal(headers.get('x-ratelimit-limit-requests'), '3')
    t.equal(headers.get('x-ratelimit-remaining-requests'), left)
    t.match(headers.get('x-ratelimit-reset-requests'), /^(\d{1,2}s|1m0s)$/)
  }
  const refusal = await api.upload(upload)
  t.match(refusal.error(), {
    status: 429,
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
  })
  const wait = Number(refusal.headers.get('retry-after'))
  t.ok(wait >= 1 && wait <= 60, `${wait} s`)
  t.equal(refusal.headers.get('x-ratelimit-limit-requests'), '3')
  t.equal(refusal.headers.get('x-ratelimit-remaining-requests'), '0')
  t.match(refusal.headers.get('x-ratelimit-reset-requests'), /^(\d{1,2}s|1m0s)$/)
  t.equal((await api.list()).data.length, 3, 'only uploads are counted')
})

t.test('a raised rate holds from the next request on', async (t) => {
  const { api, id } = await limited(1)
  await api.upload(upload)
  t.equal((await api.upload(upload)).status, 429)
  await server.admin.call('POST', `/v1/organization/projects/${id}`, {
    body: { limits: { uploads_per_minute: 10 } },
  })
  t.equal((await api.upload(upload)).status, 200)
})

t.test('a key may have a rate of its own', async (t) => {
  const { id, accountId, api } = await server.createProject()
  const accounts = `/v1/organization/projects/${id}/service_accounts`
  const made = await server.admin.call('POST', `${accounts}/${accountId}/api_keys`, {
    body: { uploads_per_minute: 1 },
  })
  const slow = server.as(made.json<{ value: string }>().value)
  t.equal((await slow.upload(upload)).status, 200)
  t.match((await slow.upload(upload)).error(), { status: 429, message: /this key/ })
  const free = await api.upload(upload)
  t.equal(free.status, 200, 'the others are not concerned')
  t.equal(free.headers.get('x-ratelimit-limit-requests'), null)
  const account = await server.admin.call('POST', accounts, {
    body: { name: 'slow', uploads_per_minute: 1 },
  })
  const { api_key } = account.json<{ api_key: { value: string } }>()
  const first = await server.as(api_key.value).upload(upload)
  t.equal(first.headers.get('x-ratelimit-remaining-requests'), '0')
})

t.test('what is refused for something else counts, and says what is left', async (t) => {
  const { api } = await limited(2)
  const wrong = await api.upload({ ...upload, purpose: 'nonsense' })
  t.equal(wrong.status, 400)
  t.equal(wrong.headers.get('x-ratelimit-remaining-requests'), '1')
  t.equal((await api.upload(upload)).status, 200)
  t.equal((await api.upload(upload)).status, 429)
})

t.test('the refusal comes before the body is asked for', async (t) => {
  const { api, key } = await limited(1)
  await api.upload(upload)
  const connection = await RawConnection.open(server.address)
  t.teardown(() => connection.vanish())
  connection.send(
    requestHead(
      'POST /v1/files',
      `Authorization: Bearer ${key}`,
      'Content-Type: multipart/form-data; boundary=b',
      'Content-Length: 100000',
      'Expect: 100-continue',
    ),
  )
  t.equal((await connection.answer()).status, 429)
})

t.test('a rate is an integer of at least 1', async (t) => {
  for (const uploads_per_minute of [0, -1, 1.5, '60', 1_000_001]) {
    const body = { name: 'a', limits: { uploads_per_minute } }
    const answer = await server.admin.call('POST', '/v1/organization/projects', { body })
    t.match(answer.error(), { status: 400, param: 'limits.uploads_per_minute' })
  }
})
