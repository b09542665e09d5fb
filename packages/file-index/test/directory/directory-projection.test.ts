import t from 'tap'
import {
  findApiKey,
  findApiKeyByHash,
  findKeysOfAccount,
  findProject,
  findServiceAccount,
  listApiKeys,
  listProjects,
  listServiceAccounts,
} from '../../src/index.ts'
import { createProject, openIndex, type TestIndex } from '../fixtures/open-index.ts'

const hash = (character: string) => character.repeat(64)

function createKey(
  index: TestIndex,
  id: string,
  account: string | null,
  sha256: string,
  expiresAt: number | null = null,
) {
  return index.ask({
    type: 'CreateApiKey',
    id,
    name: `Key ${id}`,
    account,
    scopes: ['api.files.write', 'api.files.read'],
    sha256,
    redacted: `sk-${id}`,
    expiresAt,
  })
}

function createAccount(index: TestIndex, id: string, project?: string) {
  return index.ask(
    { type: 'CreateServiceAccount', id, name: `Account ${id}`, scopes: [] },
    project,
  )
}

for (const driver of ['node', 'sqlite3'] as const) {
  t.test(`${driver}: a project is what was last said of it`, async (t) => {
    const index = await openIndex(t, driver)
    const { sql } = index.log.reader
    // Not in the order that a record keeps.
    const limits = {
      quota_bytes: 2 ** 40,
      purposes: { vision: { max_bytes: 2 }, batch: { max_bytes: 1 } },
      max_file_bytes: 7,
    }
    const update = { type: 'UpdateProject', id: 'north' } as const
    await index.ask({ ...update, limits, name: 'Nord' }, 'system')
    await index.ask({ ...update, dialect: 'gravix' }, 'system')
    t.match(await findProject(sql, 'north'), {
      id: 'north',
      position: 2,
      version: 3,
      name: 'Nord',
      dialect: 'gravix',
      limits,
      createdAt: index.clock.now + 1,
      archivedAt: null,
    })
    await index.ask({ type: 'ArchiveProject', id: 'north' }, 'system')
    t.match(await findProject(sql, 'north'), { version: 4, archivedAt: Number })
    t.equal(await findProject(sql, 'south'), null)
    await t.rejects(index.upload(), { code: 'project_archived' })
    t.equal((await index.replay()).difference, undefined)
  })

  t.test(`${driver}: a key is found by its hash until it is revoked`, async (t) => {
    const index = await openIndex(t, driver)
    const { sql } = index.log.reader
    await createAccount(index, 's1')
    await createKey(index, 'k1', 's1', hash('a'))
    t.match(await findApiKeyByHash(sql, hash('a')), {
      id: 'k1',
      project: 'north',
      account: 's1',
      name: 'Key k1',
      scopes: ['api.files.write', 'api.files.read'],
      redacted: 'sk-k1',
      revokedAt: null,
    })
    await index.ask({ type: 'UpdateApiKey', id: 'k1', expiresAt: 9_999_999_999 })
    t.match(await findApiKey(sql, 'k1'), { expiresAt: 9_999_999_999, version: 2 })
    await index.ask({ type: 'UpdateApiKey', id: 'k1', uploadsPerMinute: 60 })
    t.match(await findApiKey(sql, 'k1'), { uploadsPerMinute: 60, version: 3 })
    await index.ask({ type: 'RevokeApiKey', id: 'k1', reason: 'request' })
    t.equal(await findApiKeyByHash(sql, hash('a')), null)
    t.match(await findApiKey(sql, 'k1'), { sha256: null, redacted: null, name: 'Key k1' })
    await createKey(index, 'k2', null, hash('a'))
    t.match(
      await findApiKeyByHash(sql, hash('a')),
      { id: 'k2' },
      'its hash is free again',
    )
    t.equal((await index.replay()).difference, undefined)
  })
}

t.test('with an account go its keys, those of the same batch too', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  await createAccount(index, 's1')
  await createAccount(index, 's2')
  await createKey(index, 'k1', 's1', hash('a'))
  await createKey(index, 'k2', 's2', hash('b'))
  await createKey(index, 'k3', 's1', hash('c'))
  await index.ask({ type: 'RevokeApiKey', id: 'k3', reason: 'request' })
  const [, removed] = await Promise.all([
    createKey(index, 'k4', 's1', hash('d')),
    index.ask({ type: 'DeleteServiceAccount', id: 's1' }),
  ])
  t.same(
    removed.map(({ type, stream }) => `${type} ${stream}`),
    [
      'ApiKeyRevoked k1',
      'PrivateDataErased k1',
      'ApiKeyRevoked k4',
      'PrivateDataErased k4',
      'ServiceAccountDeleted s1',
    ],
  )
  t.same(await findKeysOfAccount(sql, 's1'), [])
  t.match(await findKeysOfAccount(sql, 's2'), [{ id: 'k2' }])
  t.match(await findServiceAccount(sql, 's1'), { deletedAt: Number, version: 2 })
  await t.rejects(createKey(index, 'k5', 's1', hash('e')), { message: /s1/ })
  const erased = await index.log.reader.read({ stream: 'k4' })
  t.same(
    erased.map((event) => Object.keys(event.private)),
    [['personal'], [], []],
    'what a key is recognised by is gone from the log',
  )
  t.equal((await index.replay()).difference, undefined)
})

t.test('lists are in the order of creation, without what has ended', async (t) => {
  const index = await openIndex(t)
  const { sql } = index.log.reader
  await createProject(index, 'zebra')
  await createProject(index, 'alpha')
  for (const id of ['s3', 's1', 's2']) await createAccount(index, id)
  await createAccount(index, 's4', 'zebra')
  for (const id of ['k3', 'k1', 'k2']) await createKey(index, id, 's1', hash(id.slice(1)))
  await index.ask({ type: 'ArchiveProject', id: 'zebra' }, 'system')
  await index.ask({ type: 'DeleteServiceAccount', id: 's2' })
  await index.ask({ type: 'RevokeApiKey', id: 'k3', reason: 'request' })

  const all = { after: 0, limit: 10 }
  const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id)
  const projects = (includeArchived: boolean, page = all) =>
    listProjects(sql, { ...page, includeArchived })
  t.same(ids(await projects(true)), ['north', 'zebra', 'alpha'])
  t.same(ids(await projects(false)), ['north', 'alpha'])
  t.same(ids(await listServiceAccounts(sql, 'north', all)), ['s3', 's1'])
  t.same(ids(await listServiceAccounts(sql, 'alpha', all)), [])
  const keys = async (now: number) =>
    ids(await listApiKeys(sql, 'north', { ...all, limit: 3, now }))
  t.same(await keys(0), ['k1', 'k2'])
  await createKey(index, 'k4', 's1', hash('4'), 100)
  await createKey(index, 'k5', 's1', hash('5'))
  t.same(await keys(99), ['k1', 'k2', 'k4'])
  t.same(await keys(100), ['k1', 'k2', 'k5'], 'what has expired takes no place in a page')

  const [first] = await projects(true, { after: 0, limit: 1 })
  t.same(ids(await projects(true, { after: first?.position ?? 0, limit: 1 })), ['zebra'])
  const [account] = await listServiceAccounts(sql, 'north', { after: 0, limit: 1 })
  const rest = { after: account?.position ?? 0, limit: 9 }
  t.same(ids(await listServiceAccounts(sql, 'north', rest)), ['s1'])
})
