import t from 'tap'
import { file, purpose, upload } from '../support/forms.ts'
import { adminKey } from '../support/open-service.ts'
import { readError } from '../support/read-error.ts'
import { foreignKey, startServer, type TestServer } from '../support/start-server.ts'

type Headers = Readonly<Record<string, string>>
type Given = (server: TestServer) => Headers | Promise<Headers>

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

const accepted: Readonly<Record<string, Given>> = {
  'a bearer token': ({ key }) => bearer(key),
  'a bearer token in another case': ({ key }) => ({ authorization: `bEARER ${key}` }),
  'x-api-key': ({ key }) => ({ 'x-api-key': key }),
  'the same key in both': ({ key }) => ({ ...bearer(key), 'x-api-key': key }),
  'x-api-key beside another scheme': ({ key }) => ({
    authorization: 'Basic abc',
    'x-api-key': key,
  }),
  'an empty x-api-key beside a bearer token': ({ key }) => ({
    ...bearer(key),
    'x-api-key': '',
  }),
  'an empty bearer token beside x-api-key': ({ key }) => ({
    authorization: 'Bearer ',
    'x-api-key': key,
  }),
  'a project that is empty': ({ key }) => ({ ...bearer(key), 'openai-project': '' }),
  'its own project': ({ key, project }) => ({
    ...bearer(key),
    'openai-project': project,
  }),
}

const refused: Readonly<Record<string, [Given, number, string | null]>> = {
  'no key': [() => ({}), 401, null],
  'an empty key': [() => ({ authorization: 'Bearer ' }), 401, null],
  'another scheme': [() => ({ authorization: 'Basic abc' }), 401, null],
  'a wrong key': [() => bearer('sk-wrong'), 401, 'invalid_api_key'],
  'different keys': [
    async (server) => ({
      ...bearer(server.key),
      'x-api-key': await foreignKey(server),
    }),
    401,
    'invalid_api_key',
  ],
  'another project': [
    ({ key }) => ({ ...bearer(key), 'openai-project': 'default' }),
    401,
    'mismatched_project',
  ],
  'the admin key': [() => bearer(adminKey), 403, 'insufficient_permissions'],
  'a key without the scope': [
    async ({ keyWith }) => bearer(await keyWith('api.files.write')),
    403,
    'insufficient_permissions',
  ],
}

for (const [what, given] of Object.entries(accepted)) {
  t.test(`a request with ${what} is let through`, async (t) => {
    const server = await startServer(t)
    const headers = await given(server)
    t.equal((await fetch(`${server.url}/v1/files`, { headers })).status, 200)
  })
}

for (const [what, [given, status, code]] of Object.entries(refused)) {
  t.test(`a request with ${what} is refused`, async (t) => {
    const server = await startServer(t)
    const headers = await given(server)
    const response = await fetch(`${server.url}/v1/files`, { headers })
    t.equal(response.headers.get('www-authenticate'), status === 401 ? 'Bearer' : null)
    const refusal = await readError(response)
    t.match(refusal, { status, code, param: null })
    t.notMatch(refusal.message, /sk-/)
  })
}

t.test('different keys: the refusal names both headers', async (t) => {
  const { url, key } = await startServer(t)
  const headers = { ...bearer(key), 'x-api-key': 'x' }
  const { message } = await readError(await fetch(`${url}/v1/files`, { headers }))
  t.match(message, /Authorization.*x-api-key/)
})

t.test('every route says which scope it lacks', async (t) => {
  const { url, keyWith } = await startServer(t)
  const readOnly = await keyWith('api.files.read')
  const writeOnly = await keyWith('api.files.write')
  const id = `file-${'0'.repeat(32)}`
  const ask = async (key: string, path: string, init?: RequestInit) =>
    await readError(
      await fetch(url + path, {
        ...init,
        headers: { ...init?.headers, ...bearer(key) },
      }),
    )
  const read = { status: 403, message: /api\.files\.read\./ }
  const write = { status: 403, message: /api\.files\.write\./ }
  t.match(await ask(writeOnly, '/v1/files'), read)
  t.match(await ask(writeOnly, `/v1/files/${id}`), read)
  t.match(await ask(writeOnly, `/v1/files/${id}/content`), read)
  t.match(await ask(readOnly, `/v1/files/${id}`, { method: 'DELETE' }), write)
  t.match(await ask(readOnly, '/v1/files', upload([purpose, file])), write)
  t.match(await ask(readOnly, '/v1/files/validate', upload([purpose, file])), write)
  t.match(await ask(readOnly, '/v1/files', { method: 'DELETE' }), write)
})

t.test(
  "a revoked key is refused in its project's dialect, an unknown one in the default",
  async (t) => {
    const server = await startServer(t, { dialect: 'melious' })
    const { service, url, fetch: ask, key, project, principal } = server
    const by = { actor: 'admin', requestId: 'req_of_a_test' }
    t.equal((await ask('/v1/files')).status, 200)
    await service.admin.revokeApiKey(project, principal.keyId, by)
    const refusal = { status: 401, code: 'invalid_api_key' }
    const asRevoked = await readError(await ask('/v1/files'))
    t.match(asRevoked, { ...refusal, type: 'authentication_error' })
    const headers = bearer(`${key}x`)
    const asUnknown = await readError(await fetch(`${url}/v1/files`, { headers }))
    t.match(asUnknown, { ...refusal, type: 'invalid_request_error' })
  },
)
