import t from 'tap'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startAdmin } from '../support/start-admin.ts'

const accounts = '/projects/proj_0/service_accounts'
const created_at = 1_700_000_000

t.test(
  'a service account is made with its first key, whose value is shown once',
  async (t) => {
    const { ask, admin } = await startAdmin(t)
    t.same(await readJson(await ask('POST', accounts, { name: 'bot' })), {
      id: 'svc_0',
      object: 'organization.project.service_account',
      name: 'bot',
      role: 'member',
      created_at,
      api_key: {
        id: 'key_0',
        object: 'organization.project.service_account.api_key',
        name: 'Secret Key',
        created_at,
        expires_at: null,
        value: 'sk-secret',
      },
    })
    t.same(admin.calls, [{ name: 'bot', withoutKey: false }])
    const shown = await (await ask('GET', `${accounts}/svc_0`)).text()
    t.notMatch(shown, /sk-secret/)
  },
)

t.test('a service account can be made without a key', async (t) => {
  const { ask } = await startAdmin(t)
  const body = { name: 'bot', create_service_account_only: true }
  t.match(await readJson(await ask('POST', accounts, body)), { api_key: null })
})

t.test('scopes and expiry go through; inference means read and write', async (t) => {
  const { ask, admin } = await startAdmin(t)
  const scopes = ['inference', 'api.files.read', 'api.audit.read']
  await ask('POST', accounts, { name: 'bot', scopes, expires_in_seconds: 60 })
  const expected = {
    scopes: ['api.files.read', 'api.files.write', 'api.audit.read'],
    expiresInSeconds: 60,
  }
  t.same(admin.calls, [{ name: 'bot', withoutKey: false, ...expected }])
  await ask('POST', `${accounts}/svc_0/api_keys`, {
    name: 'k',
    scopes,
    expires_in_seconds: 60,
  })
  t.same(admin.calls[1], { name: 'k', ...expected })
})

t.test('a key takes a rate, from the beginning or later', async (t) => {
  const { ask, admin } = await startAdmin(t)
  await ask('POST', accounts, { name: 'bot', uploads_per_minute: 60 })
  await ask('POST', `${accounts}/svc_0/api_keys`, { uploads_per_minute: 30 })
  const key = '/projects/proj_0/api_keys/key_0'
  await ask('POST', key, { uploads_per_minute: 20, scopes: ['inference'] })
  t.same(admin.calls, [
    { name: 'bot', withoutKey: false, uploadsPerMinute: 60 },
    { uploadsPerMinute: 30 },
    { uploadsPerMinute: 20, scopes: ['api.files.read', 'api.files.write'] },
  ])
  for (const uploads_per_minute of [0, 1_000_001, 1.5, '60']) {
    const refused = await readError(await ask('POST', key, { uploads_per_minute }))
    t.match(refused, { status: 400, param: 'uploads_per_minute' })
  }
})

t.test('an update changes what is given; null ends an expiry and a rate', async (t) => {
  const { ask, admin } = await startAdmin(t)
  await ask('POST', accounts, { name: 'bot' })
  const key = '/projects/proj_0/api_keys/key_0'
  await ask('POST', key, { expires_in_seconds: 60 })
  await ask('POST', key, { expires_in_seconds: null, uploads_per_minute: null })
  await ask('POST', key, { scopes: null })
  t.same(admin.calls.slice(1), [
    { expiresInSeconds: 60 },
    { expiresInSeconds: null, uploadsPerMinute: null },
    {},
  ])
  t.match(await readError(await ask('POST', key, { name: 'x' })), {
    status: 400,
    code: 'unknown_parameter',
    param: 'name',
  })
  const nobody = await ask('POST', '/projects/proj_0/api_keys/key_9', {})
  t.equal(nobody.status, 404)
})

t.test('no scopes at all is refused, naming those that there are', async (t) => {
  const { ask } = await startAdmin(t)
  for (const scopes of [[], ['api.files.paint']]) {
    t.match(await readError(await ask('POST', accounts, { name: 'bot', scopes })), {
      status: 400,
      code: 'invalid_value',
      param: 'scopes',
      message: /'api\.files\.read', .*'inference'/,
    })
  }
})

t.test('keys are listed and shown redacted, with their owner, and deleted', async (t) => {
  const { ask } = await startAdmin(t)
  await ask('POST', accounts, { name: 'bot' })
  const key = {
    id: 'key_0',
    object: 'organization.project.api_key',
    name: 'Secret Key',
    redacted_value: 'sk-...',
    created_at,
    last_used_at: null,
    expires_at: null,
    owner: {
      type: 'service_account',
      service_account: { id: 'svc_0', name: 'bot', role: 'member', created_at },
    },
    owner_project_access: 'active',
    scopes: ['api.files.read'],
    uploads_per_minute: null,
  }
  const keys = '/projects/proj_0/api_keys'
  t.same(await readJson(await ask('GET', `${keys}/key_0`)), key)
  t.same(await readJson(await ask('GET', keys)), {
    object: 'list',
    data: [key],
    first_id: 'key_0',
    last_id: 'key_0',
    has_more: false,
  })
  t.same(await readJson(await ask('DELETE', `${keys}/key_0`)), {
    id: 'key_0',
    object: 'organization.project.api_key.deleted',
    deleted: true,
  })
  t.same(await readJson(await ask('DELETE', `${accounts}/svc_0`)), {
    id: 'svc_0',
    object: 'organization.project.service_account.deleted',
    deleted: true,
  })
})

t.test('routes that answer a secret refuse an Idempotency-Key', async (t) => {
  const { ask, admin } = await startAdmin(t)
  const headers = { 'idempotency-key': 'once' }
  for (const path of [accounts, `${accounts}/svc_0/api_keys`]) {
    t.match(await readError(await ask('POST', path, { name: 'bot' }, headers)), {
      status: 400,
      code: 'invalid_value',
      param: 'Idempotency-Key',
    })
  }
  t.same(admin.calls, [])
})

t.test(
  'consumers are listed, resumed, and passed over the event that stopped them',
  async (t) => {
    const { ask, admin } = await startAdmin(t)
    const stopped = {
      id: 'plugin-x',
      object: 'consumer',
      name: 'plugin-x',
      state: 'stopped',
      position: '6',
      stopped_at: '7',
      error: 'TypeError: no',
    }
    t.match(await readJson(await ask('GET', '/consumers')), {
      data: [stopped],
      has_more: false,
    })
    const resumed = await readJson(await ask('POST', '/consumers/plugin-x/resume'))
    t.match(resumed, { state: 'running', stopped_at: null })
    await ask('POST', '/consumers/%40scope%2Fplugin/skip', { position: '7' })
    t.same(admin.calls, [
      { resume: 'plugin-x' },
      { skip: '@scope/plugin', position: '7' },
    ])
    t.match(await readError(await ask('POST', '/consumers/plugin-x/skip')), {
      code: 'missing_required_parameter',
      param: 'position',
    })
  },
)
