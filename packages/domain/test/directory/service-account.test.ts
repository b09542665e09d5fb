import t from 'tap'
import {
  type ApiKeyState,
  decideCreateServiceAccount,
  decideDeleteServiceAccount,
  decideUpdateServiceAccount,
  evolveServiceAccount,
  type PlacedEvent,
  type ProjectState,
  type ServiceAccountState,
} from '../../src/index.ts'

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
const state: ServiceAccountState = {
  id: 's1',
  project: 'north',
  version: 1,
  name: 'ci',
  scopes: ['api.files.read'],
  createdAt: 10,
  deletedAt: null,
  position: 3,
}
const create = {
  type: 'CreateServiceAccount',
  id: 's1',
  name: 'ci',
  scopes: ['api.files.read'],
  project: 'north',
} as const
const key = {
  id: 'k1',
  name: 'key',
  sha256: 'a'.repeat(64),
  redacted: 'sk-a',
  expiresAt: 9,
}

t.test('an account is created alone, or with its first key', async (t) => {
  const account = {
    type: 'ServiceAccountCreated',
    stream: 's1',
    after: 0,
    data: { scopes: ['api.files.read'] },
    private: { personal: { name: 'ci' } },
  }
  t.same(decideCreateServiceAccount(project, create), { events: [account] })
  t.same(decideCreateServiceAccount(project, { ...create, key }), {
    events: [
      account,
      {
        type: 'ApiKeyCreated',
        stream: 'k1',
        after: 0,
        data: { account: 's1', scopes: ['api.files.read'], expires_at: 9 },
        private: {
          personal: { name: 'key' },
          credential: { sha256: key.sha256, redacted: 'sk-a' },
        },
      },
    ],
  })
})

t.test('an account needs a project that is not archived', async (t) => {
  t.match(decideCreateServiceAccount(null, create), {
    refusal: { key: 'project_not_found' },
  })
  t.match(decideCreateServiceAccount({ ...project, archivedAt: 5 }, create), {
    refusal: { key: 'project_archived' },
  })
})

const remove = { type: 'DeleteServiceAccount', id: 's1', project: 'north' } as const

t.test('the keys of an account end with it', async (t) => {
  const keys = [4, 6].map(
    (position): ApiKeyState => ({
      id: `k${position}`,
      project: 'north',
      version: 2,
      name: 'key',
      account: 's1',
      scopes: [],
      sha256: 'a'.repeat(64),
      redacted: 'sk-a',
      createdAt: 11,
      expiresAt: null,
      uploadsPerMinute: null,
      revokedAt: null,
      position,
    }),
  )
  const ended = (position: number) => [
    {
      type: 'ApiKeyRevoked',
      stream: `k${position}`,
      after: 2,
      data: { reason: 'account_deleted' },
    },
    {
      type: 'PrivateDataErased',
      stream: `k${position}`,
      after: 3,
      data: { erased: [{ position, group: 'credential' }] },
    },
  ]
  const last = { type: 'ServiceAccountDeleted', stream: 's1', after: 1, data: {} }
  t.same(decideDeleteServiceAccount(state, keys, remove), {
    events: [...ended(4), ...ended(6), last],
    erase: [
      { position: 4, group: 'credential' },
      { position: 6, group: 'credential' },
    ],
  })
  t.same(decideDeleteServiceAccount(state, [], remove), { events: [last], erase: [] })
})

t.test('an account that is not there is not found', async (t) => {
  for (const one of [null, { ...state, project: 'south' }, { ...state, deletedAt: 20 }]) {
    t.match(decideDeleteServiceAccount(one, [], remove), {
      refusal: { key: 'service_account_not_found', message: /: s1$/, param: 'id' },
    })
  }
})

t.test('an account is what its events tell', async (t) => {
  const created: PlacedEvent<'ServiceAccountCreated'> = {
    type: 'ServiceAccountCreated',
    stream: 's1',
    version: 1,
    position: 3,
    project: 'north',
    seq: 1,
    time: 10,
    actor: 'admin',
    data: { scopes: ['api.files.read'] },
    private: { personal: { name: 'ci' } },
  }
  const deleted: PlacedEvent<'ServiceAccountDeleted'> = {
    ...created,
    type: 'ServiceAccountDeleted',
    version: 2,
    time: 20,
    data: {},
    private: {},
  }
  t.same(evolveServiceAccount(null, created), state)
  t.equal(evolveServiceAccount(null, { ...created, private: {} }).name, null, 'erased')
  t.same(evolveServiceAccount(state, deleted), { ...state, version: 2, deletedAt: 20 })
  t.throws(() => evolveServiceAccount(null, deleted), { message: /never created/ })
})

t.test('an account gets another name, until it is deleted', async (t) => {
  const rename = { type: 'UpdateServiceAccount', id: 's1', project: 'north' } as const
  t.same(decideUpdateServiceAccount(state, { ...rename, name: 'nightly' }), {
    events: [
      {
        type: 'ServiceAccountUpdated',
        stream: 's1',
        after: 1,
        data: {},
        private: { personal: { name: 'nightly' } },
      },
    ],
  })
  t.same(decideUpdateServiceAccount(state, rename), { events: [] })
  t.same(decideUpdateServiceAccount(state, { ...rename, name: 'ci' }), { events: [] })
  const deleted = { ...state, deletedAt: 20 }
  for (const one of [null, deleted, { ...state, project: 'south' }]) {
    t.match(decideUpdateServiceAccount(one, { ...rename, name: 'x' }), {
      refusal: { key: 'service_account_not_found' },
    })
  }
})

t.test(
  'a name that was changed goes with an erasure, as do those before it',
  async (t) => {
    const head = { stream: 's1', project: 'north', seq: 9, time: 30, actor: 'admin' }
    const renamed: PlacedEvent<'ServiceAccountUpdated'> = {
      ...{ ...head, type: 'ServiceAccountUpdated', version: 2, position: 7 },
      ...{ data: {}, private: { personal: { name: 'nightly' } } },
    }
    const after = evolveServiceAccount(state, renamed)
    t.match(after, { name: 'nightly', version: 2, position: 3 })
    const erased: PlacedEvent<'PrivateDataErased'> = {
      ...{ ...head, type: 'PrivateDataErased', version: 3, position: 8 },
      data: {
        erased: [
          { position: 3, group: 'personal' },
          { position: 7, group: 'personal' },
        ],
      },
      private: {},
    }
    t.match(evolveServiceAccount(after, erased), { name: null, version: 3 })
    const unnamed = { ...renamed, private: {} }
    t.match(evolveServiceAccount(state, unnamed), { name: null }, 'so a replay agrees')
  },
)
