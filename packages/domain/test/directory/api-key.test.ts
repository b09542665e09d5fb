import t from 'tap'
import {
  type ApiKeyState,
  decideCreateApiKey,
  decideRevokeApiKey,
  decideUpdateApiKey,
  evolveApiKey,
  isKeyValid,
  type PlacedEvent,
  type ProjectState,
} from '../../src/index.ts'

/** 2026-01-01, in microseconds. */
const NOW = 1_767_225_600_000_000

const project: ProjectState = {
  id: 'north',
  version: 1,
  name: 'North',
  dialect: 'openai',
  limits: {},
  createdAt: 1,
  archivedAt: null,
  position: 2,
}
const state: ApiKeyState = {
  id: 'k1',
  project: 'north',
  version: 1,
  name: 'key',
  account: 's1',
  scopes: ['api.files.read'],
  sha256: 'a'.repeat(64),
  redacted: 'sk-a',
  createdAt: 10,
  expiresAt: null,
  uploadsPerMinute: null,
  revokedAt: null,
  position: 4,
}
const create = {
  type: 'CreateApiKey',
  id: 'k1',
  name: 'key',
  account: 's1',
  scopes: ['api.files.read'],
  sha256: 'a'.repeat(64),
  redacted: 'sk-a',
  expiresAt: null,
  project: 'north',
} as const
const account = { project: 'north', deletedAt: null }

t.test('a key belongs to an account, or to the configuration', async (t) => {
  const event = (of: string | null) => ({
    type: 'ApiKeyCreated',
    stream: 'k1',
    after: 0,
    data: { account: of, scopes: ['api.files.read'], expires_at: null },
    private: {
      personal: { name: 'key' },
      credential: { sha256: create.sha256, redacted: 'sk-a' },
    },
  })
  t.same(decideCreateApiKey(project, account, create), { events: [event('s1')] })
  t.same(decideCreateApiKey(project, null, { ...create, account: null }), {
    events: [event(null)],
  })
})

t.test('a key may have a rate of its own from the beginning', async (t) => {
  t.match(decideCreateApiKey(project, account, { ...create, uploadsPerMinute: 60 }), {
    events: [{ type: 'ApiKeyCreated', data: { uploads_per_minute: 60 } }],
  })
})

t.test('a key needs a live project and a live account of it', async (t) => {
  const cases = [
    [null, account, 'project_not_found'],
    [{ ...project, archivedAt: 5 }, account, 'project_archived'],
    [project, null, 'service_account_not_found'],
    [project, { project: 'south', deletedAt: null }, 'service_account_not_found'],
    [project, { project: 'north', deletedAt: 5 }, 'service_account_not_found'],
  ] as const
  for (const [of, by, key] of cases) {
    t.match(decideCreateApiKey(of, by, create), { refusal: { key } })
  }
})

t.test('an update says only what changes; null ends an expiry', async (t) => {
  const update = { type: 'UpdateApiKey', id: 'k1', project: 'north' } as const
  const head = { type: 'ApiKeyUpdated', stream: 'k1', after: 1 }
  t.same(decideUpdateApiKey(state, { ...update, expiresAt: null }, NOW), {
    events: [{ ...head, data: { expires_at: null } }],
  })
  t.same(decideUpdateApiKey(state, { ...update, scopes: [] }, NOW), {
    events: [{ ...head, data: { scopes: [] } }],
  })
  for (const uploadsPerMinute of [60, null]) {
    t.same(decideUpdateApiKey(state, { ...update, uploadsPerMinute }, NOW), {
      events: [{ ...head, data: { uploads_per_minute: uploadsPerMinute } }],
    })
  }
  t.same(decideUpdateApiKey(state, update, NOW), { events: [] })
})

t.test('a key that has expired is not updated any more', async (t) => {
  const update = { type: 'UpdateApiKey', id: 'k1', project: 'north' } as const
  const renewed = { ...update, expiresAt: 1_900_000_000 }
  const second = NOW / 1_000_000
  t.match(decideUpdateApiKey({ ...state, expiresAt: second }, renewed, NOW), {
    refusal: { key: 'api_key_not_found' },
  })
  t.match(decideUpdateApiKey({ ...state, expiresAt: second + 1 }, renewed, NOW), {
    events: [{ data: { expires_at: 1_900_000_000 } }],
  })
})

t.test('a revocation erases what a key is recognised by', async (t) => {
  const revoke = {
    type: 'RevokeApiKey',
    id: 'k1',
    reason: 'request',
    project: 'north',
  } as const
  const erased = [{ position: 4, group: 'credential' }]
  t.same(decideRevokeApiKey(state, revoke), {
    events: [
      { type: 'ApiKeyRevoked', stream: 'k1', after: 1, data: { reason: 'request' } },
      { type: 'PrivateDataErased', stream: 'k1', after: 2, data: { erased } },
    ],
    erase: erased,
  })
})

t.test('a key that is not there is not found', async (t) => {
  for (const one of [null, { ...state, project: 'south' }, { ...state, revokedAt: 20 }]) {
    const refusal = { key: 'api_key_not_found', message: 'No such API Key object: k1' }
    const asked = { id: 'k1', project: 'north' }
    t.match(
      decideUpdateApiKey(one, { ...asked, type: 'UpdateApiKey', scopes: [] }, NOW),
      { refusal },
    )
    t.match(
      decideRevokeApiKey(one, { ...asked, type: 'RevokeApiKey', reason: 'request' }),
      { refusal },
    )
  }
})

const created: PlacedEvent<'ApiKeyCreated'> = {
  type: 'ApiKeyCreated',
  stream: 'k1',
  version: 1,
  position: 4,
  project: 'north',
  seq: 1,
  time: 10,
  actor: 'admin',
  data: { account: 's1', scopes: ['api.files.read'], expires_at: null },
  private: {
    personal: { name: 'key' },
    credential: { sha256: 'a'.repeat(64), redacted: 'sk-a' },
  },
}

t.test('a key is what its events tell', async (t) => {
  t.same(evolveApiKey(null, created), state)
  t.same(evolveApiKey(null, { ...created, private: {} }), {
    ...state,
    name: null,
    sha256: null,
    redacted: null,
  })
  const updated: PlacedEvent<'ApiKeyUpdated'> = {
    ...created,
    type: 'ApiKeyUpdated',
    version: 2,
    data: {},
    private: {},
  }
  t.same(evolveApiKey(state, updated), { ...state, version: 2 })
  const due = { ...state, expiresAt: 5 }
  t.same(evolveApiKey(due, { ...updated, data: { scopes: [], expires_at: null } }), {
    ...state,
    version: 2,
    scopes: [],
  })
  t.equal(evolveApiKey(due, updated).expiresAt, 5)
  const limited = { ...updated, data: { uploads_per_minute: 60 } }
  t.equal(evolveApiKey(state, limited).uploadsPerMinute, 60)
  const slow = { ...state, uploadsPerMinute: 60 }
  t.equal(evolveApiKey(slow, updated).uploadsPerMinute, 60)
  const unlimited = { ...updated, data: { uploads_per_minute: null } }
  t.equal(evolveApiKey(slow, unlimited).uploadsPerMinute, null)
  const revoked: PlacedEvent<'ApiKeyRevoked'> = {
    ...created,
    type: 'ApiKeyRevoked',
    version: 3,
    time: 30,
    data: { reason: 'request' },
    private: {},
  }
  t.same(evolveApiKey(state, revoked), {
    ...state,
    version: 3,
    revokedAt: 30,
    sha256: null,
    redacted: null,
  })
  t.throws(() => evolveApiKey(null, updated), { message: /never created/ })
  t.throws(() => evolveApiKey(null, revoked), { message: /never created/ })
})

t.test('a key opens doors until its expiry begins, or it is revoked', async (t) => {
  const at = 100_000_000
  t.ok(isKeyValid({ revokedAt: null, expiresAt: null }, at))
  t.ok(isKeyValid({ revokedAt: null, expiresAt: 101 }, at))
  t.notOk(isKeyValid({ revokedAt: null, expiresAt: 100 }, at))
  t.notOk(isKeyValid({ revokedAt: 1, expiresAt: null }, at))
})
