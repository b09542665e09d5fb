import t from 'tap'
import { file, purpose, upload } from '../support/forms.ts'
import { keys } from '../support/memory-files.ts'
import { readError } from '../support/read-error.ts'
import { startServer } from '../support/start-server.ts'

const accepted = {
  'a bearer token': { authorization: `Bearer ${keys.full}` },
  'a bearer token in another case': { authorization: `bEARER ${keys.full}` },
  'x-api-key': { 'x-api-key': keys.full },
  'the same key in both': {
    authorization: `Bearer ${keys.full}`,
    'x-api-key': keys.full,
  },
  'x-api-key beside another scheme': {
    authorization: 'Basic abc',
    'x-api-key': keys.full,
  },
  'its own project': {
    authorization: `Bearer ${keys.full}`,
    'openai-project': 'default',
  },
}

const refused = {
  'no key': [{}, 401, null],
  'an empty key': [{ authorization: 'Bearer ' }, 401, null],
  'another scheme': [{ authorization: 'Basic abc' }, 401, null],
  'a wrong key': [{ authorization: 'Bearer sk-wrong' }, 401, 'invalid_api_key'],
  'different keys': [
    { authorization: `Bearer ${keys.full}`, 'x-api-key': keys.other },
    401,
    'invalid_api_key',
  ],
  'another project': [
    { authorization: `Bearer ${keys.full}`, 'openai-project': 'other' },
    401,
    'mismatched_project',
  ],
  'the admin key': [
    { authorization: `Bearer ${keys.admin}` },
    403,
    'insufficient_permissions',
  ],
  'a key without the scope': [
    { authorization: `Bearer ${keys.writeOnly}` },
    403,
    'insufficient_permissions',
  ],
} as const

for (const [what, headers] of Object.entries(accepted)) {
  t.test(`a request with ${what} is let through`, async (t) => {
    const { url } = await startServer(t)
    t.equal((await fetch(`${url}/v1/files`, { headers })).status, 200)
  })
}

for (const [what, [headers, status, code]] of Object.entries(refused)) {
  t.test(`a request with ${what} is refused`, async (t) => {
    const { url } = await startServer(t)
    const response = await fetch(`${url}/v1/files`, { headers })
    t.equal(response.headers.get('www-authenticate'), status === 401 ? 'Bearer' : null)
    const refusal = await readError(response)
    t.match(refusal, { status, code, param: null })
    t.notMatch(refusal.message, /sk-/)
  })
}

t.test('different keys: the refusal names both headers', async (t) => {
  const { url } = await startServer(t)
  const headers = { authorization: `Bearer ${keys.full}`, 'x-api-key': 'x' }
  const { message } = await readError(await fetch(`${url}/v1/files`, { headers }))
  t.match(message, /Authorization.*x-api-key/)
})

t.test('every route says which scope it lacks', async (t) => {
  const { url } = await startServer(t)
  const id = `file-${'0'.repeat(32)}`
  const ask = async (key: string, path: string, init?: RequestInit) =>
    await readError(
      await fetch(url + path, {
        ...init,
        headers: { ...init?.headers, authorization: `Bearer ${key}` },
      }),
    )
  const read = { status: 403, message: /api\.files\.read\./ }
  const write = { status: 403, message: /api\.files\.write\./ }
  t.match(await ask(keys.writeOnly, '/v1/files'), read)
  t.match(await ask(keys.writeOnly, `/v1/files/${id}`), read)
  t.match(await ask(keys.writeOnly, `/v1/files/${id}/content`), read)
  t.match(await ask(keys.readOnly, `/v1/files/${id}`, { method: 'DELETE' }), write)
  t.match(await ask(keys.readOnly, '/v1/files', upload([purpose, file])), write)
  t.match(await ask(keys.readOnly, '/v1/files/validate', upload([purpose, file])), write)
  t.match(await ask(keys.readOnly, '/v1/files', { method: 'DELETE' }), write)
})

t.test(
  "a revoked key is refused in its project's dialect, an unknown one in the default",
  async (t) => {
    const asked: string[] = []
    const { url } = await startServer(t, {
      authenticate: (token) => {
        asked.push(token)
        return { kind: 'refused', dialect: 'openai' }
      },
    })
    const headers = { authorization: 'Bearer sk-revoked' }
    t.match(await readError(await fetch(`${url}/v1/files`, { headers })), {
      status: 401,
      code: 'invalid_api_key',
      type: 'invalid_request_error',
    })
    t.same(asked, ['sk-revoked'])
  },
)
