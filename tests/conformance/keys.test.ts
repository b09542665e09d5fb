import {
  RawConnection,
  requestHead,
  startServer,
  type TestProject,
  type TestServer,
  temporaryFolder,
  until,
} from '@custody/testkit'
import OpenAI from 'openai'
import t from 'tap'

const server = await startServer(t)
const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
const year2001 = 1_000_000_000

type Key = {
  readonly id: string
  readonly scopes: readonly string[]
  readonly expires_at: number | null
  readonly last_used_at: number | null
  readonly uploads_per_minute: number | null
}

const keyPath = ({ id, keyId }: TestProject) =>
  `/v1/organization/projects/${id}/api_keys/${keyId}`

async function keyOf(project: TestProject, { admin }: TestServer = server) {
  return (await admin.call('GET', keyPath(project))).json<Key>()
}

const change = (project: TestProject, body: object) =>
  server.admin.call('POST', keyPath(project), { body })

t.test('a key is given other scopes, from the next request on', async (t) => {
  const project = await server.createProject()
  const { api } = project
  t.equal((await api.upload(upload)).status, 200)
  const changed = await change(project, { scopes: ['api.files.read'] })
  t.equal(changed.status, 200)
  t.match(changed.json<Key>(), {
    id: project.keyId,
    object: 'organization.project.api_key',
    scopes: ['api.files.read'],
    expires_at: null,
  })
  t.match((await api.upload(upload)).error(), { status: 403, message: /api.files.write/ })
  t.equal((await api.call('GET', '/v1/files')).status, 200)
  await change(project, { scopes: ['inference'] })
  t.equal((await api.upload(upload)).status, 200)
})

t.test('an expiry is set, moved and ended', async (t) => {
  const project = await server.createProject()
  const before = Math.floor(Date.now() / 1000)
  const set = (await change(project, { expires_in_seconds: 3600 })).json<Key>()
  t.ok((set.expires_at ?? 0) >= before + 3600)
  t.same((await change(project, {})).json<Key>(), await keyOf(project), 'nothing to do')
  t.equal((await keyOf(project)).expires_at, set.expires_at)
  const ended = (await change(project, { expires_in_seconds: null })).json<Key>()
  t.equal(ended.expires_at, null)
})

t.test('a key that has expired is answered like one that was revoked', async (t) => {
  const [expired, revoked] = await Promise.all([
    server.createProject(),
    server.createProject(),
  ])
  await change(expired, { expires_in_seconds: 1 })
  await server.admin.call('DELETE', keyPath(revoked))
  const refusal = (await revoked.api.call('GET', '/v1/files')).error()
  t.match(refusal, { status: 401, code: 'invalid_api_key' })
  const late = await until('the expiry', async () => {
    const answer = await expired.api.call('GET', '/v1/files')
    return answer.status === 401 && answer
  })
  t.same(late.error(), refusal)
  const list = await server.admin.call(
    'GET',
    `/v1/organization/projects/${expired.id}/api_keys`,
  )
  t.same(list.json<{ data: unknown[] }>().data, [])
  t.match((await change(expired, { expires_in_seconds: 60 })).error(), {
    status: 404,
    code: null,
  })
})

t.test('what began with a key ends, though it is revoked meanwhile', async (t) => {
  const project = await server.createProject()
  const form = Buffer.from(
    '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n' +
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n' +
      `${'a'.repeat(200_000)}\r\n--b--\r\n`,
  )
  const connection = await RawConnection.open(server.address)
  t.teardown(() => connection.vanish())
  const head = requestHead(
    'POST /v1/files',
    `Authorization: Bearer ${project.key}`,
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${form.length}`,
    'Expect: 100-continue',
  )
  connection.send(head)
  t.equal((await connection.answer()).status, 100, 'its key was looked at')
  connection.send(form.subarray(0, 1000))
  t.equal((await server.admin.call('DELETE', keyPath(project))).status, 200)
  t.equal((await project.api.call('GET', '/v1/files')).status, 401)
  connection.send(form.subarray(1000))
  t.equal((await connection.answer()).status, 200)
})

t.test('a key of another project, or none at all, is not changed', async (t) => {
  const [one, other] = await Promise.all([server.createProject(), server.createProject()])
  const wrong = { ...other, keyId: one.keyId }
  const never = { ...other, keyId: 'key_0' }
  for (const project of [wrong, never]) {
    const refusal = (await change(project, { scopes: ['inference'] })).error()
    t.match(refusal, {
      status: 404,
      code: null,
      message: `No such API Key object: ${project.keyId}`,
    })
  }
  const none = (await change(one, { scopes: [] })).error()
  t.match(none, { status: 400, param: 'scopes', message: /'inference'/ })
})

t.test('the SDK of OpenAI changes a key', async (t) => {
  const project = await server.createProject()
  const client = new OpenAI({
    baseURL: `${server.address}/v1`,
    apiKey: project.key,
    adminAPIKey: server.adminKey,
  })
  const { apiKeys } = client.admin.organization.projects
  const changed = await apiKeys.update(project.keyId, {
    project_id: project.id,
    scopes: ['api.files.read'],
    expires_in_seconds: 60,
  })
  t.ok((changed.expires_at ?? 0) > year2001)
  t.same((await keyOf(project)).scopes, ['api.files.read'])
})

t.test('the last use of a key is told, and outlives a restart', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await startServer(t, { dataDir })
  const [used, unused] = [await first.createProject(), await first.createProject()]
  t.equal((await keyOf(used, first)).last_used_at, null)
  const before = Math.floor(Date.now() / 1000)
  await used.api.list()
  const { last_used_at } = await keyOf(used, first)
  t.ok(last_used_at !== null && last_used_at >= before, `${last_used_at}`)
  await first.as('sk-nobody').call('GET', '/v1/files')
  const replayed = await first.custody('audit', 'replay')
  t.equal(replayed.code, 0, replayed.stdout)
  await first.stop()

  const second = await startServer(t, { dataDir })
  t.equal((await keyOf(used, second)).last_used_at, last_used_at)
  t.equal((await keyOf(unused, second)).last_used_at, null)
  const listed = await second.custody('keys', 'list', '--project', used.id, '--json')
  t.match(JSON.parse(listed.stdout), { id: used.keyId, last_used_at })
})

t.test('a limit is set for purposes that there are', async (t) => {
  const set = (limits: object, path = '/projects') =>
    server.admin.call('POST', `/v1/organization${path}`, { body: { name: 'a', limits } })
  const { id } = (await set({ purposes: { batch: { max_bytes: 1 } } })).json()
  t.equal((await set({ purposes: { batch_output: {} } })).status, 200, 'output too')
  for (const path of ['/projects', `/projects/${id}`]) {
    t.match((await set({ purposes: { batch: {}, bacth: {} } }, path)).error(), {
      status: 400,
      code: 'invalid_value',
      param: 'limits.purposes.bacth',
      message: /'bacth'.*'batch'.*'fine-tune'/,
    })
  }
  const limits = { purposes: { document: {}, vision: {} } }
  const body = { name: 'a', dialect: 'gateflow', limits }
  t.match(
    (await server.admin.call('POST', '/v1/organization/projects', { body })).error(),
    {
      status: 400,
      param: 'limits.purposes.vision',
      message: /'vision'.*'batch'.*'document'/,
    },
  )
})

t.test('on the command line keys are limited, changed and listed', async (t) => {
  const { id, api } = await server.createProject()
  const run = (...args: string[]) => server.custodyHere(...args, '--project', id)
  const made = await run(
    'keys',
    'create',
    'slow',
    '--scopes',
    'inference',
    '--expires-in',
    '3600',
    '--uploads-per-minute',
    '1',
    '--json',
  )
  const { api_key: key } = JSON.parse(made.stdout) as {
    api_key: { id: string; value: string; expires_at: number }
  }
  t.ok(key.expires_at > year2001)
  const slow = server.as(key.value)
  t.equal((await slow.upload(upload)).status, 200)
  t.equal((await slow.upload(upload)).status, 429)

  const cleared = ['--uploads-per-minute', 'none', '--expires-in', 'never']
  const updated = await run('keys', 'update', key.id, ...cleared, '--json')
  t.match(JSON.parse(updated.stdout), { expires_at: null, uploads_per_minute: null })
  t.equal((await slow.upload(upload)).status, 200)
  await run('keys', 'update', key.id, '--scopes', 'api.files.read')
  t.equal((await slow.upload(upload)).status, 403)
  for (const flag of ['--expires-in', '--uploads-per-minute']) {
    const refused = await run('keys', 'update', key.id, flag, 'soon')
    t.equal(refused.code, 1)
    t.match(refused.stderr, /'soon'/)
    t.equal((await run('keys', 'create', 'x', flag, 'soon')).code, 1)
  }
  const listed = await run('keys', 'list')
  t.match(
    listed.stdout,
    /^ID +NAME +KEY +SCOPES +PER MINUTE +CREATED +EXPIRES +LAST USED/,
  )
  t.match(listed.stdout, new RegExp(`${key.id} +slow .* api.files.read +- `))

  await api.upload(upload)
  const usage = await run('usage', '--json')
  t.same(JSON.parse(usage.stdout), {
    object: 'usage',
    project: id,
    bytes: 15,
    files: 3,
    quota_bytes: null,
    by_purpose: { user_data: { bytes: 15, files: 3 } },
  })
  t.match((await run('usage')).stdout, /^PURPOSE +FILES +BYTES\nuser_data +3 +15\n/)
})
