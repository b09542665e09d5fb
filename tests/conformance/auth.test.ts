import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiClient, startServer, until } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const nobody = server.as()
const list = (headers: Record<string, string>) =>
  nobody.call('GET', '/v1/files', { headers })

t.test('auth: Authorization: Bearer, in any case, or x-api-key', async (t) => {
  const { apiKey } = server
  t.equal((await list({ authorization: `Bearer ${apiKey}` })).status, 200)
  t.equal((await list({ authorization: `bearer ${apiKey}` })).status, 200)
  t.equal((await list({ 'x-api-key': apiKey })).status, 200)
  const both = { authorization: `Bearer ${apiKey}`, 'x-api-key': apiKey }
  t.equal((await list(both)).status, 200, 'both, and the same')
})

t.test('auth: both, and different: 401 naming both', async (t) => {
  const { apiKey } = server
  const answer = await list({ authorization: `Bearer ${apiKey}`, 'x-api-key': 'sk-x' })
  t.match(answer.error(), { status: 401, code: 'invalid_api_key' })
  t.match(answer.error().message, /'Authorization' and 'x-api-key'/)
})

t.test('auth: none: 401 code null', async (t) => {
  for (const headers of [{}, { authorization: 'Basic YTpi' }, { 'x-api-key': '' }]) {
    const answer = await list(headers)
    t.match(answer.error(), {
      status: 401,
      type: 'invalid_request_error',
      code: null,
      param: null,
    })
    t.equal(answer.headers.get('www-authenticate'), 'Bearer')
  }
})

t.test('auth: wrong: 401 invalid_api_key, and the key is not echoed', async (t) => {
  const answer = await list({ authorization: 'Bearer sk-wrong-key' })
  t.match(answer.error(), { status: 401, code: 'invalid_api_key' })
  t.notMatch(answer.text, 'sk-wrong-key')
})

t.test('auth: a revoked key is 401 invalid_api_key at once', async (t) => {
  const { api, id, keyId } = await server.createProject()
  t.same((await api.list()).data, [])
  await server.admin.call('DELETE', `/v1/organization/projects/${id}/api_keys/${keyId}`)
  const answer = await api.call('GET', '/v1/files')
  t.match(answer.error(), { status: 401, code: 'invalid_api_key' })
})

t.test('auth: an expired key is 401 invalid_api_key', async (t) => {
  const { id } = await server.createProject()
  const account = await server.admin.call(
    'POST',
    `/v1/organization/projects/${id}/service_accounts`,
    { body: { name: 'short', expires_in_seconds: 1 } },
  )
  const { api_key } = account.json<{ api_key: { value: string } }>()
  const api = apiClient(server.address, api_key.value)
  const refused = await until('the end of the key', async () => {
    const answer = await api.call('GET', '/v1/files')
    return answer.status !== 200 && answer
  })
  t.match(refused.error(), { status: 401, code: 'invalid_api_key' })
})

t.test('auth: keys are stored as SHA-256, never as they are', async (t) => {
  const { key } = await server.createProject()
  const written = globSync('custody.db*', { cwd: server.dataDir }).map((file) =>
    readFileSync(join(server.dataDir, file)),
  )
  const database = Buffer.concat(written)
  t.ok(database.includes(createHash('sha256').update(key).digest('hex')))
  t.notOk(database.includes(key), 'a key that was made')
  t.notOk(database.includes(server.apiKey), 'a key of the configuration')
  t.notOk(database.includes(server.adminKey), 'the admin key')
})

t.test("auth: OpenAI-Project other than the key's project is 401", async (t) => {
  const { api, id } = await server.createProject()
  const withProject = (project: string) =>
    api.call('GET', '/v1/files', { headers: { 'openai-project': project } })
  t.equal((await withProject(id)).status, 200)
  t.match((await withProject('default')).error(), {
    status: 401,
    code: 'mismatched_project',
  })
})

t.test('auth: a refusal comes before the body is looked at', async (t) => {
  const answer = await nobody.call('POST', '/v1/files', { body: Buffer.from('no form') })
  t.equal(answer.status, 401)
})

const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }

t.test('scopes: each route needs its own', async (t) => {
  const reader = await server.createProject({ scopes: ['api.files.read'] })
  const writer = await server.createProject({ scopes: ['api.files.write'] })
  const missing = (scope: string) => ({
    status: 403,
    type: 'invalid_request_error',
    code: 'insufficient_permissions',
    message: `You have insufficient permissions for this operation. Missing scopes: ${scope}.`,
  })
  t.match((await reader.api.upload(upload)).error(), missing('api.files.write'))
  t.match((await reader.api.delete('file-x')).error(), missing('api.files.write'))
  t.same((await reader.api.list()).data, [])
  t.equal((await reader.api.get('file-x')).status, 404)

  const { id } = (await writer.api.upload(upload)).json()
  t.match((await writer.api.get(id)).error(), missing('api.files.read'))
  t.match((await writer.api.content(id)).error(), missing('api.files.read'))
  const list = await writer.api.call('GET', '/v1/files')
  t.match(list.error(), missing('api.files.read'))
  t.equal((await writer.api.delete(id)).status, 200)
})

t.test('scopes: inference means read and write', async (t) => {
  const { api } = await server.createProject({ scopes: ['inference'] })
  const { id } = (await api.upload(upload)).json()
  t.equal((await api.content(id)).text, 'Hello')
  t.equal((await api.delete(id)).status, 200)
})

t.test('scopes: a service account made without them may read and write', async (t) => {
  const { api, id, keyId } = await server.createProject()
  t.equal((await api.upload(upload)).status, 200)
  const key = await server.admin.call(
    'GET',
    `/v1/organization/projects/${id}/api_keys/${keyId}`,
  )
  t.same(key.json<{ scopes: string[] }>().scopes, [
    'api.files.read',
    'api.files.write',
    'api.audit.read',
  ])
})

t.test('scopes: the admin key on a file route is 403', async (t) => {
  const answer = await server.admin.call('GET', '/v1/files')
  t.match(answer.error(), { status: 403, code: 'insufficient_permissions' })
})

t.test("scopes: a project's key on an administration route is 403", async (t) => {
  const answer = await server.api.call('GET', '/v1/organization/projects')
  t.match(answer.error(), { status: 403, code: 'insufficient_permissions' })
})
