import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openService, ownPlugins } from '../support/open-service.ts'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { type AdminServer, startAdmin } from '../support/start-admin.ts'
import { storeFile } from '../support/store-file.ts'

const stumbling = new URL('fixtures/stumbling-plugin.ts', import.meta.url).href

let ahead = 0
const on = await openService(t, {
  plugins: [...ownPlugins, stumbling],
  clock: () => Date.now() + ahead,
})

type NewKey = {
  readonly id: string
  readonly created_at: number
  readonly expires_at: number
  readonly value: string
}
type NewAccount = {
  readonly id: string
  readonly created_at: number
  readonly api_key: NewKey
}
type Key = {
  readonly created_at: number
  readonly expires_at: number | null
  readonly scopes: readonly string[]
  readonly uploads_per_minute: number | null
  readonly redacted_value: string
}

/** Paths of the server's project. */
const accountsOf = ({ project }: AdminServer) => `/projects/${project}/service_accounts`
const keysOf = ({ project }: AdminServer) => `/projects/${project}/api_keys`

async function makeAccount(server: AdminServer, more = {}): Promise<NewAccount> {
  const body = { name: 'bot', ...more }
  return await readJson<NewAccount>(await server.ask('POST', accountsOf(server), body))
}

async function makeKey(server: AdminServer, { id }: NewAccount, body: object) {
  const path = `${accountsOf(server)}/${id}/api_keys`
  return await readJson<NewKey>(await server.ask('POST', path, body))
}

async function keyOf(server: AdminServer, { id }: { readonly id: string }) {
  return await readJson<Key>(await server.ask('GET', `${keysOf(server)}/${id}`))
}

/** How long a key that was just made or changed is good: the log's clock may be in the next second already. */
const isGoodFor = (seconds: number, expiresAt: number | null) =>
  Math.abs((expiresAt ?? 0) - Date.now() / 1000 - seconds) < 10

t.test(
  'a service account is made with its first key, whose value is shown once',
  async (t) => {
    const server = await startAdmin(t, { on })
    const { ask, fetch } = server
    const made = await makeAccount(server)
    const { id, created_at, api_key } = made
    t.match(id, /^svc_acct_[0-9a-f]{32}$/)
    t.match(api_key.id, /^key_[0-9a-f]{32}$/)
    t.match(api_key.value, /^sk-custody-/)
    t.same(made, {
      id,
      object: 'organization.project.service_account',
      name: 'bot',
      role: 'member',
      created_at,
      api_key: {
        id: api_key.id,
        object: 'organization.project.service_account.api_key',
        name: 'Secret Key',
        created_at,
        expires_at: null,
        value: api_key.value,
      },
    })
    const headers = { authorization: `Bearer ${api_key.value}` }
    t.equal((await fetch('/v1/files', { headers })).status, 200)
    for (const path of [`${accountsOf(server)}/${id}`, keysOf(server)]) {
      const shown = await (await ask('GET', path)).text()
      t.match(shown, id)
      t.notMatch(shown, api_key.value)
    }
  },
)

t.test('a service account can be made without a key', async (t) => {
  const server = await startAdmin(t, { on })
  const keys = async () => await readJson(await server.ask('GET', keysOf(server)))
  const before = await keys()
  t.match(await makeAccount(server, { create_service_account_only: true }), {
    api_key: null,
  })
  t.same(await keys(), before)
})

t.test('scopes and expiry are kept; inference means read and write', async (t) => {
  const server = await startAdmin(t, { on })
  const scopes = ['inference', 'api.files.read', 'api.audit.read']
  const account = await makeAccount(server, { scopes, expires_in_seconds: 60 })
  const other = { name: 'k', scopes, expires_in_seconds: 120 }
  const second = await makeKey(server, account, other)
  for (const [made, name, seconds] of [
    [account.api_key, 'Secret Key', 60],
    [second, 'k', 120],
  ] as const) {
    t.match(made, { name })
    t.ok(isGoodFor(seconds, made.expires_at), `${made.expires_at}`)
    t.match(await keyOf(server, made), {
      name,
      scopes: ['api.files.read', 'api.files.write', 'api.audit.read'],
      expires_at: made.expires_at,
    })
  }
  const { api_key } = await makeAccount(server)
  const { scopes: byDefault } = await keyOf(server, api_key)
  t.same(byDefault, ['api.files.read', 'api.files.write', 'api.audit.read'])
})

t.test('a key takes a rate, from the beginning or later', async (t) => {
  const server = await startAdmin(t, { on })
  const account = await makeAccount(server, { uploads_per_minute: 60 })
  const second = await makeKey(server, account, { uploads_per_minute: 30 })
  t.equal((await keyOf(server, second)).uploads_per_minute, 30)
  t.equal((await keyOf(server, account.api_key)).uploads_per_minute, 60)
  const path = `${keysOf(server)}/${account.api_key.id}`
  await server.ask('POST', path, { uploads_per_minute: 20, scopes: ['inference'] })
  const changed = await keyOf(server, account.api_key)
  t.equal(changed.uploads_per_minute, 20)
  t.same(changed.scopes, ['api.files.read', 'api.files.write'])
  for (const uploads_per_minute of [0, 1_000_001, 1.5, '60']) {
    const refused = await readError(
      await server.ask('POST', path, { uploads_per_minute }),
    )
    t.match(refused, { status: 400, param: 'uploads_per_minute' })
  }
  t.same(await keyOf(server, account.api_key), changed)
})

t.test('an update changes what is given; null ends an expiry and a rate', async (t) => {
  const server = await startAdmin(t, { on })
  const { api_key } = await makeAccount(server, { uploads_per_minute: 60 })
  const path = `${keysOf(server)}/${api_key.id}`
  const made = await keyOf(server, api_key)
  const update = async (body: object) =>
    await readJson<Key>(await server.ask('POST', path, body))

  const expiring = await update({ expires_in_seconds: 60 })
  t.ok(isGoodFor(60, expiring.expires_at))
  t.same(expiring, { ...made, expires_at: expiring.expires_at })
  const endless = { expires_in_seconds: null, uploads_per_minute: null }
  const freed = await update(endless)
  t.same(freed, { ...made, uploads_per_minute: null })
  t.same(await update({ scopes: null }), freed)
  t.same(await keyOf(server, api_key), freed)
  t.match(await readError(await server.ask('POST', path, { name: 'x' })), {
    status: 400,
    code: 'unknown_parameter',
    param: 'name',
  })
  const nobody = await server.ask('POST', `${keysOf(server)}/key_9`, {})
  t.equal(nobody.status, 404)
})

t.test('no scopes at all is refused, naming those that there are', async (t) => {
  const server = await startAdmin(t, { on })
  for (const scopes of [[], ['api.files.paint']]) {
    const body = { name: 'bot', scopes }
    const refused = await server.ask('POST', accountsOf(server), body)
    t.match(await readError(refused), {
      status: 400,
      code: 'invalid_value',
      param: 'scopes',
      message: /'api\.files\.read', .*'inference'/,
    })
  }
})

t.test('keys are listed and shown redacted, with their owner, and deleted', async (t) => {
  const server = await startAdmin(t, { on })
  const { ask, fetch, principal } = server
  const { id, created_at, api_key } = await makeAccount(server)
  const keys = keysOf(server)
  const { redacted_value } = await keyOf(server, api_key)
  t.match(redacted_value, /^sk-cus\.\.\..{4}$/)
  t.ok(api_key.value.endsWith(redacted_value.slice(-4)))
  const key = {
    id: api_key.id,
    object: 'organization.project.api_key',
    name: 'Secret Key',
    redacted_value,
    created_at,
    last_used_at: null,
    expires_at: null,
    owner: {
      type: 'service_account',
      service_account: { id, name: 'bot', role: 'member', created_at },
    },
    owner_project_access: 'active',
    scopes: ['api.files.read', 'api.files.write', 'api.audit.read'],
    uploads_per_minute: null,
  }
  t.same(await readJson(await ask('GET', `${keys}/${api_key.id}`)), key)
  t.same(await readJson(await ask('GET', `${keys}?after=${principal.keyId}`)), {
    object: 'list',
    data: [key],
    first_id: api_key.id,
    last_id: api_key.id,
    has_more: false,
  })
  const second = await makeKey(server, { id, created_at, api_key }, {})
  t.same(await readJson(await ask('DELETE', `${keys}/${api_key.id}`)), {
    id: api_key.id,
    object: 'organization.project.api_key.deleted',
    deleted: true,
  })
  t.equal((await ask('GET', `${keys}/${api_key.id}`)).status, 404)
  t.same(await readJson(await ask('DELETE', `${accountsOf(server)}/${id}`)), {
    id,
    object: 'organization.project.service_account.deleted',
    deleted: true,
  })
  for (const { value } of [api_key, second]) {
    const headers = { authorization: `Bearer ${value}` }
    t.equal((await fetch('/v1/files', { headers })).status, 401)
  }
})

t.test('routes that answer a secret refuse an Idempotency-Key', async (t) => {
  const server = await startAdmin(t, { on })
  const { id } = await makeAccount(server)
  const state = async () => [
    await readJson(await server.ask('GET', accountsOf(server))),
    await readJson(await server.ask('GET', keysOf(server))),
  ]
  const before = await state()
  const headers = { 'idempotency-key': 'once' }
  for (const path of [accountsOf(server), `${accountsOf(server)}/${id}/api_keys`]) {
    const refused = await server.ask('POST', path, { name: 'bot' }, headers)
    t.match(await readError(refused), {
      status: 400,
      code: 'invalid_value',
      param: 'Idempotency-Key',
    })
  }
  t.same(await state(), before)
})

t.test(
  'consumers are listed, resumed, and passed over the event that stopped them',
  async (t) => {
    const server = await startAdmin(t, { on })
    const { ask } = server
    const consumer = async () => {
      const page = await readJson<{ data: readonly Consumer[] }>(
        await ask('GET', '/consumers'),
      )
      t.match(page, { object: 'list', has_more: false })
      t.equal(page.data.length, 1)
      return page.data[0]
    }
    /** Lets it try until it gives up. */
    async function stopped() {
      for (;;) {
        const now = await consumer()
        if (now?.state === 'stopped') return now
        ahead += 400_000
        // Any file wakes who waits
        await storeFile(server)
        await sleep(5)
      }
    }
    await on.service.startBackground()
    t.teardown(() => on.service.stopBackground())
    const name = '@scope/stumbling'
    const path = '/consumers/%40scope%2Fstumbling'
    t.match(await consumer(), { name, state: 'running', stopped_at: null, error: null })

    await storeFile(server, { as: 'any' })
    const first = await stopped()
    t.same(first, {
      id: name,
      object: 'consumer',
      name,
      state: 'stopped',
      position: first.position,
      stopped_at: first.stopped_at,
      error: first.error,
    })
    t.match(first.error, /@scope.stumbling/)
    t.ok(Number(first.stopped_at) > Number(first.position))
    const goesOn = { name, state: 'running', stopped_at: null, error: null }
    t.match(await readJson(await ask('POST', `${path}/resume`)), goesOn)
    t.match(await stopped(), { stopped_at: first.stopped_at })

    const body = { position: first.stopped_at }
    t.match(await readJson(await ask('POST', `${path}/skip`, body)), {
      ...goesOn,
      position: first.stopped_at,
    })
    t.match(await readError(await ask('POST', `${path}/skip`)), {
      code: 'missing_required_parameter',
      param: 'position',
    })
    t.equal((await ask('POST', `${path}/resume`)).status, 409)
  },
)

type Consumer = {
  readonly state: string
  readonly position: string
  readonly stopped_at: string
  readonly error: string
}
