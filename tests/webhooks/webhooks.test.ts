import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Answer, type ApiClient, startServer, until } from '@custody/testkit'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { startReceiver } from './start-receiver.ts'

type WebhookObject = {
  readonly id: string
  readonly object: string
  readonly url: string
  readonly events: readonly string[]
  readonly status: string
  readonly position: string
  readonly failures: number
  readonly secret?: string
}
type Delivery = {
  readonly event: string
  readonly position: string
  readonly status: string
}
type List<T> = { readonly data: readonly T[]; readonly has_more: boolean }

const env = { CUSTODY_WEBHOOK_ALLOW: '127.0.0.0/8,http://localhost:1' }
const server = await startServer(t, { env })
const scopes = [
  'api.files.read',
  'api.files.write',
  'api.audit.read',
  'api.webhooks.write',
]
const newProject = (more: object = {}) => server.createProject({ scopes, ...more })

async function upload(api: ApiClient, filename = 'a.txt'): Promise<string> {
  return (await api.upload({ purpose: 'user_data', filename, content: 'Hello' })).json()
    .id
}
const create = (api: ApiClient, body: object): Promise<Answer> =>
  api.call('POST', '/v1/webhooks', { body })
const post = (api: ApiClient, path: string, body: object): Promise<Answer> =>
  api.call('POST', `/v1/webhooks/${path}`, { body })
const get = async (api: ApiClient, id: string): Promise<WebhookObject> =>
  (await api.call('GET', `/v1/webhooks/${id}`)).json<WebhookObject>()
const deliveries = async (
  api: ApiClient,
  id: string,
  query = '',
): Promise<List<Delivery>> =>
  (await api.call('GET', `/v1/webhooks/${id}/deliveries${query}`)).json<List<Delivery>>()

t.test(
  'a project is told what happens to its files, as its history tells it',
  async (t) => {
    const receiver = await startReceiver(t)
    const { api } = await newProject()
    const answer = await create(api, {
      url: receiver.url,
      events: ['file.uploaded', 'custody.file.deleted'],
      description: 'the search index',
    })
    t.equal(answer.status, 200)
    const { id, secret = '', ...shown } = answer.json<WebhookObject>()
    t.match(id, /^wh_[0-9a-f]{32}$/)
    t.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    t.match(shown, {
      object: 'webhook',
      url: receiver.url,
      description: 'the search index',
      events: ['file.uploaded', 'file.deleted'],
      status: 'enabled',
      created_at: Number,
      disabled_at: null,
      disabled_reason: null,
      failures: 0,
      next_attempt_at: null,
    })
    t.same(await get(api, id), { id, ...shown }, 'and the secret is not shown again')
    t.same((await api.call('GET', '/v1/webhooks')).json<List<unknown>>().data, [
      { id, ...shown },
    ])

    const file = await upload(api, 'naïve “plan”.txt')
    await api.delete(file)
    await until('both deliveries', () => receiver.messages.length === 2)
    const verifier = new Webhook(secret)
    for (const { body, headers } of receiver.messages) {
      t.doesNotThrow(() => verifier.verify(body, headers as Record<string, string>))
      t.throws(() => verifier.verify(`${body} `, headers as Record<string, string>))
    }
    const told = (await api.call('GET', '/v1/events?order=asc')).json<
      List<{ type: string }>
    >()
    t.same(
      receiver.messages.map(({ event }) => event),
      told.data.filter(({ type }) => type.startsWith('custody.file.')),
      'event for event',
    )
    t.equal(receiver.messages[0]?.event.subject, file)
    const list = await until('both are written down', async () => {
      const found = await deliveries(api, id)
      return found.data.length === 2 && found
    })
    t.match(list.data, [
      { object: 'webhook.delivery', event: 'file.deleted', status: 'delivered' },
      {
        event: 'file.uploaded',
        event_id: receiver.messages[0]?.event.id,
        attempts: 1,
        status_code: 204,
        error: null,
        next_attempt_at: null,
      },
    ])
    t.notMatch(JSON.stringify(list), /plan/, 'no body is kept')
    const first = await deliveries(api, id, '?limit=1')
    t.equal(first.has_more, true)
    const next = await deliveries(api, id, `?limit=1&after=${first.data[0]?.position}`)
    t.match(next, { data: [{ event: 'file.uploaded' }], has_more: false })
    t.same((await deliveries(api, id, '?status=failed')).data, [])
  },
)

t.test('ids are those of the project’s dialect', async (t) => {
  const receiver = await startReceiver(t)
  const { api } = await newProject({ dialect: 'fastapi-ai' })
  await create(api, { url: receiver.url, events: ['*'] })
  const form = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  const { id } = (await api.upload(form)).json()
  await until('the delivery', () => receiver.messages.length === 1)
  t.equal(receiver.messages[0]?.event.subject, id)
})

t.test('a secret rotates without a message that nobody can verify', async (t) => {
  const receiver = await startReceiver(t)
  const { api } = await newProject()
  const { id, secret: former = '' } = (
    await create(api, { url: receiver.url, events: ['file.uploaded'] })
  ).json<WebhookObject>()
  const { secret: current = '' } = (
    await post(api, `${id}/rotate_secret`, { overlap_seconds: 600 })
  ).json<WebhookObject>()
  t.not(former, current)
  await upload(api)
  await until('the delivery', () => receiver.messages.length === 1)
  const [message] = receiver.messages
  for (const secret of [former, current]) {
    const headers = message?.headers as Record<string, string>
    t.doesNotThrow(() => new Webhook(secret).verify(message?.body ?? '', headers))
  }
  const { secret: last = '' } = (
    await post(api, `${id}/rotate_secret`, { overlap_seconds: 0 })
  ).json<WebhookObject>()
  await upload(api)
  await until('the second delivery', () => receiver.messages.length === 2)
  const { body, headers } = receiver.messages[1] ?? { body: '', headers: {} }
  t.doesNotThrow(() => new Webhook(last).verify(body, headers as Record<string, string>))
  t.throws(() => new Webhook(current).verify(body, headers as Record<string, string>))
})

t.test('a delivery that failed is tried again, and at once to another URL', async (t) => {
  const receiver = await startReceiver(t)
  const other = await startReceiver(t)
  receiver.answer(307, { location: other.url })
  const { api } = await newProject()
  const { id } = (
    await create(api, { url: receiver.url, events: ['file.uploaded'] })
  ).json<WebhookObject>()
  const file = await upload(api)
  await until('the failure', async () => (await get(api, id)).failures === 1)
  t.match(await deliveries(api, id), {
    data: [{ status: 'retrying', status_code: 307, error: 'status', attempts: 1 }],
  })
  t.equal(other.messages.length, 0, 'a redirect is not followed')
  t.equal((await post(api, id, { url: other.url })).status, 200)
  await until('the delivery', () => other.messages.length === 1)
  t.equal(other.messages[0]?.event.subject, file)
  t.equal(other.messages[0]?.event.id, receiver.messages[0]?.event.id)
})

t.test('a webhook that is disabled misses nothing', async (t) => {
  const receiver = await startReceiver(t)
  const { api } = await newProject()
  const { id } = (
    await create(api, { url: receiver.url, events: ['file.uploaded'] })
  ).json<WebhookObject>()
  t.match((await post(api, id, { enabled: false, description: 'off' })).json<object>(), {
    status: 'disabled',
    disabled_reason: 'request',
    description: 'off',
  })
  const file = await upload(api)
  t.match((await post(api, id, { enabled: true, description: null })).json<object>(), {
    status: 'enabled',
    disabled_at: null,
    description: null,
  })
  await until('the delivery', () => receiver.messages.length === 1)
  t.equal(receiver.messages[0]?.event.subject, file)
})

t.test('what was delivered is delivered again', async (t) => {
  const receiver = await startReceiver(t)
  const { api } = await newProject()
  const { id } = (
    await create(api, { url: receiver.url, events: ['file.uploaded'] })
  ).json<WebhookObject>()
  const files = [await upload(api), await upload(api)]
  await until('both deliveries', () => receiver.messages.length === 2)
  const from = receiver.messages[0]?.event.position
  t.equal((await post(api, `${id}/replay`, { from })).status, 200)
  await until('both again', () => receiver.messages.length === 4)
  t.same(
    receiver.messages.map(({ event }) => event.subject),
    [...files, ...files],
  )
  for (const [body, code] of [
    [{ from: '999999' }, 'invalid_value'],
    [{ from: '-1' }, 'invalid_value'],
    [{ from: '1.5' }, 'invalid_value'],
    [{ from: 'x' }, 'invalid_value'],
    [{ from: 7 }, 'invalid_type'],
    [{}, 'missing_required_parameter'],
  ] as const) {
    t.match((await post(api, `${id}/replay`, body)).error(), {
      status: 400,
      code,
      param: 'from',
    })
  }
})

t.test('a wrong webhook is refused', async (t) => {
  const { api } = await newProject()
  const url = 'https://example.com/'
  const events = ['*']
  const cases: readonly [object, object][] = [
    [{ events }, { code: 'missing_required_parameter', param: 'url' }],
    [{ url }, { code: 'missing_required_parameter', param: 'events' }],
    [
      { url, events: [] },
      { code: 'invalid_value', param: 'events' },
    ],
    [
      { url, events: 'file.uploaded' },
      { code: 'invalid_type', param: 'events' },
    ],
    [
      { url, events: ['file.flown'] },
      { code: 'invalid_value', param: 'events' },
    ],
    [
      { url, events: ['api_key.created'] },
      { code: 'invalid_value', param: 'events' },
    ],
    [
      { url, events, secret: 'x' },
      { code: 'unknown_parameter', param: 'secret' },
    ],
    [{ url: `${url}${'x'.repeat(2_048)}`, events }, { code: 'string_above_max_length' }],
    [
      { url: 'x', events },
      { code: 'webhook_url_not_allowed', param: 'url' },
    ],
    [{ url: 'http://example.com', events }, { code: 'webhook_url_not_allowed' }],
    [{ url: 'http://localhost:2/', events }, { code: 'webhook_url_not_allowed' }],
    [{ url: 'https://10.0.0.1/', events }, { code: 'webhook_url_not_allowed' }],
    [{ url: 'https://u:p@example.com/', events }, { code: 'webhook_url_not_allowed' }],
  ]
  for (const [body, error] of cases) {
    t.match((await create(api, body)).error(), { status: 400, ...error })
  }
  t.same((await api.call('GET', '/v1/webhooks')).json<List<unknown>>().data, [])
  for (let made = 0; made < 20; made += 1) {
    t.equal((await create(api, { url, events })).status, 200)
  }
  t.match((await create(api, { url, events })).error(), {
    status: 409,
    code: 'too_many_webhooks',
  })
})

t.test('an answer with a secret is not kept for another request', async (t) => {
  const { api } = await newProject()
  const headers = { 'idempotency-key': 'x' }
  const body = { url: 'https://example.com/', events: ['*'] }
  const refused = { status: 400, code: 'invalid_value', param: 'Idempotency-Key' }
  const made = await api.call('POST', '/v1/webhooks', { body, headers })
  t.match(made.error(), refused)
  const { id } = (await create(api, body)).json<WebhookObject>()
  const path = `/v1/webhooks/${id}/rotate_secret`
  t.match((await api.call('POST', path, { headers })).error(), refused)
})

t.test("another project's webhook is one that never was", async (t) => {
  const { api } = await newProject()
  const other = await newProject()
  const plain = await server.createProject()
  const { id } = (
    await create(api, { url: 'https://example.com/', events: ['*'] })
  ).json<WebhookObject>()
  const never = `wh_${'0'.repeat(32)}`
  const calls: readonly [string, string, object?][] = [
    ['GET', ''],
    ['POST', '', { enabled: false }],
    ['DELETE', ''],
    ['GET', '/deliveries'],
    ['POST', '/replay', { from: '1' }],
    ['POST', '/rotate_secret', {}],
  ]
  for (const [method, path, body] of calls) {
    const call = (one: ApiClient, webhook: string) =>
      one.call(method, `/v1/webhooks/${webhook}${path}`, { ...(body && { body }) })
    const [foreign, unknown] = [await call(other.api, id), await call(other.api, never)]
    t.equal(foreign.status, 404, `${method} ${path}`)
    t.equal(foreign.text.replace(id, never), unknown.text)
    t.match((await call(plain.api, id)).error(), {
      status: 403,
      message: /api\.webhooks\.write/,
    })
    t.equal((await call(server.admin, id)).status, 403)
  }
  t.match(await get(api, id), { status: 'enabled' })
  const removed = await api.call('DELETE', `/v1/webhooks/${id}`)
  t.same(removed.json<object>(), { id, object: 'webhook', deleted: true })
  t.equal((await api.call('GET', `/v1/webhooks/${id}`)).status, 404)
  t.equal((await api.call('DELETE', `/v1/webhooks/${id}`)).status, 404)
})

t.test('webhooks go on after a restart, and a kill loses nothing', async (t) => {
  const receiver = await startReceiver(t)
  const first = await startServer(t, { env, dataDir: t.testdir({}) })
  const { dataDir } = first
  const { id, secret = '' } = (
    await create(first.api, { url: receiver.url, events: ['file.uploaded'] })
  ).json<WebhookObject>()
  receiver.answer(500)
  const files = [await upload(first.api), await upload(first.api)]
  await until('the failure', async () => (await get(first.api, id)).failures > 0)
  await first.kill()
  receiver.answer(204)
  const before = receiver.messages.length
  const second = await startServer(t, { env, dataDir })
  // The event waits for its next attempt; it is asked for at once.
  await post(second.api, id, { url: `${receiver.url}/again` })
  await until('both deliveries', () => receiver.messages.length === before + 2)
  t.same(
    receiver.messages.slice(before).map(({ event }) => event.subject),
    files,
  )
  for (const { body, headers } of receiver.messages.slice(before)) {
    const sent = headers as Record<string, string>
    t.doesNotThrow(() => new Webhook(secret).verify(body, sent))
  }
  t.equal(await second.stop(), 0)

  const key = join(dataDir, 'secrets', 'webhook-key')
  t.equal(statSync(key).mode & 0o777, 0o600)
  const plain = secret.replace('whsec_', '')
  const raw = Buffer.from(plain, 'base64')
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = readFileSync(join(entry.parentPath, entry.name))
    t.notOk(bytes.includes(raw) || bytes.includes(plain), entry.name)
  }
  t.notMatch([...first.logs, ...second.logs].join('\n'), plain)
})

t.test('webhooks are consumers that an operator sees and does not move', async (t) => {
  const { api } = await newProject()
  const { id } = (
    await create(api, { url: 'https://example.com/', events: ['*'] })
  ).json<WebhookObject>()
  await post(api, id, { enabled: false })
  const listed = await server.custody('consumers', 'list')
  t.match(listed.stdout, `webhook:${id}`, listed.stderr)
  const { code, stderr } = await server.custody('consumers', 'resume', `webhook:${id}`)
  t.equal(code, 1)
  t.match(stderr, /belongs to a webhook/)
})

t.test('a setting that cannot be read stops the start, and is named', async (t) => {
  const wrong = startServer(t, { env: { CUSTODY_WEBHOOK_ALLOW: '10.0.0.0/99' } })
  await t.rejects(wrong, { message: /CUSTODY_WEBHOOK_ALLOW has '10\.0\.0\.0\/99'/ })
})

t.test('a proxy that the environment names is not asked', async (t) => {
  const asked: string[] = []
  const proxy = createServer((request) => asked.push(request.url ?? ''))
  proxy.on('connect', (request) => asked.push(request.url ?? ''))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const names = { HTTP_PROXY: url, HTTPS_PROXY: url, http_proxy: url, https_proxy: url }
  const behind = await startServer(t, {
    env: { ...env, ...names, NODE_USE_ENV_PROXY: '1' },
  })
  const receiver = await startReceiver(t)
  await create(behind.api, { url: receiver.url, events: ['*'] })
  await upload(behind.api)
  await until('the delivery', () => receiver.messages.length === 1)
  t.same(asked, [])
})

t.test('the index is what the log says of webhooks', async (t) => {
  const { code, stdout } = await server.custody('audit', 'replay')
  t.equal(code, 0, stdout)
})
