import { setTimeout as delay } from 'node:timers/promises'
import { startServer } from '@custody/testkit'
import OpenAI from 'openai'
import type { AuditLogListParams as Query } from 'openai/resources/admin/organization/audit-logs'
import t from 'tap'
import { upload } from './event-list.ts'

const server = await startServer(t)
const { auditLogs } = new OpenAI({
  baseURL: `${server.address}/v1`,
  apiKey: server.apiKey,
  adminAPIKey: server.adminKey,
}).admin.organization

/** Ours, which OpenAI's list of types does not have. */
const types = (...names: string[]) => ({
  event_types: names as NonNullable<Query['event_types']>,
})

type Entry = Awaited<ReturnType<typeof auditLogs.list>>['data'][number]

async function collect(query: Query): Promise<Entry[]> {
  const found: Entry[] = []
  for await (const entry of auditLogs.list(query)) found.push(entry)
  return found
}

const typesOf = (entries: readonly Entry[]) => entries.map(({ type }) => String(type))

/** What one project went through, the newest first. */
const story = [
  'project.archived',
  'private_data.erased',
  'api_key.deleted',
  'api_key.updated',
  'api_key.created',
  'file.deleted',
  'file.released',
  'file.held',
  'file.uploaded',
  'project.updated',
  'api_key.created',
  'service_account.created',
  'project.created',
]

async function live() {
  const project = await server.createProject({
    name: 'Team A',
    scopes: ['api.files.read', 'api.files.write', 'api.files.hold'],
  })
  const { api, id, accountId } = project
  const admin = async (method: string, path: string, body?: object) => {
    const answer = await server.admin.call(
      method,
      `/v1/organization/projects/${id}${path}`,
      body && { body },
    )
    if (answer.status !== 200) throw new Error(answer.text)
    return answer.json<{ id: string }>()
  }
  await admin('POST', '', { name: 'Team B', limits: { quota_bytes: 1000 } })
  const file = await upload(api, { filename: 'plan.txt' })
  await api.call('POST', `/v1/files/${file}/holds`, { body: { name: 'case 7' } })
  await api.call('DELETE', `/v1/files/${file}/holds/${encodeURIComponent('case 7')}`)
  await api.delete(file)
  const keys = `/service_accounts/${accountId}/api_keys`
  const second = await admin('POST', keys, { scopes: ['api.files.read'] })
  const path = `/api_keys/${second.id}`
  await admin('POST', path, { scopes: ['api.files.write'] })
  await admin('DELETE', path)
  await admin('POST', '/archive', {})
  return { ...project, file, second: second.id }
}

const one = await live()
// Times are asked for in seconds.
await delay(1_100)
const other = await live()

t.test("OpenAI's SDK pages through all that happened, the newest first", async (t) => {
  const all = await collect({ limit: 5 })
  t.same(typesOf(await collect({ project_ids: [one.id], limit: 3 })), story)
  t.same(typesOf(all.slice(0, story.length)), story)
  t.equal(new Set(all.map(({ id }) => id)).size, all.length, 'each once')
  t.ok(typesOf(all).includes('log.created'), 'the deployment’s own, too')
  const times = all.map(({ effective_at }) => effective_at)
  t.same(
    times,
    times.toSorted((a, b) => b - a),
  )
})

t.test('an entry tells what happened to what, and who did it', async (t) => {
  const entries = await collect({ project_ids: [one.id] })
  const entry = (type: string) =>
    entries.findLast((found) => String(found.type) === type) ?? t.fail(`no ${type}`)
  const admin = { type: 'api_key', api_key: { id: 'admin' } }
  t.match(entry('project.created'), {
    id: /^[0-9a-f-]{36}$/,
    effective_at: Number,
    project: { id: one.id, name: 'Team B' },
    actor: admin,
    'project.created': { id: one.id, data: { name: 'Team A', title: 'Team A' } },
  })
  t.match(entry('project.updated'), {
    'project.updated': {
      id: one.id,
      changes_requested: { title: 'Team B', limits: { quota_bytes: 1000 } },
    },
  })
  t.match(entry('service_account.created'), {
    'service_account.created': { id: one.accountId, data: { role: 'member' } },
  })
  t.match(entry('api_key.created'), {
    'api_key.created': { id: one.keyId, data: { scopes: Array } },
  })
  t.match(entry('api_key.updated'), {
    'api_key.updated': {
      id: one.second,
      changes_requested: { scopes: ['api.files.write'] },
    },
  })
  t.match(entry('api_key.deleted'), { 'api_key.deleted': { id: one.second } })
  t.match(entry('file.uploaded'), {
    actor: {
      type: 'api_key',
      api_key: {
        id: one.keyId,
        type: 'service_account',
        service_account: { id: one.accountId },
      },
    },
    'file.uploaded': {
      id: one.file,
      data: { filename: 'plan.txt', bytes: 5, purpose: 'user_data' },
    },
  })
  t.match(entry('file.held'), { 'file.held': { id: one.file, data: { name: 'case 7' } } })
})

t.test('filters, alone and together', async (t) => {
  const [first] = await collect({
    project_ids: [one.id],
    ...types('project.archived'),
  })
  const end = first?.effective_at ?? 0
  const both = { project_ids: [one.id, other.id] }
  const fileStory = ['file.deleted', 'file.released', 'file.held', 'file.uploaded']
  const twice = (list: readonly string[]) => [...list, ...list]
  for (const [name, query, expected] of [
    ['two projects', both, twice(story)],
    ['types', { ...both, ...types('file.held') }, ['file.held', 'file.held']],
    ['a file', { resource_ids: [one.file] }, fileStory],
    ['two files', { resource_ids: [one.file, other.file] }, twice(fileStory)],
    ['a key as resource', { resource_ids: [one.keyId] }, ['api_key.created']],
    ['a key as actor', { actor_ids: [one.keyId] }, fileStory],
    ['a service account as actor', { actor_ids: [other.accountId] }, fileStory],
    [
      'the administration as actor',
      { actor_ids: ['admin'], ...both, ...types('project.updated') },
      ['project.updated', 'project.updated'],
    ],
    ['nobody as actor', { actor_ids: ['key_nobody'] }, []],
    ['an address', { actor_emails: ['ada@example.com'] }, []],
    ['types of others', types('login.succeeded'), []],
    ['one type of others', types('login.succeeded', 'file.held'), twice(['file.held'])],
    ['no such project', { project_ids: ['proj_nope'] }, []],
    ['until a second', { ...both, effective_at: { lte: end } }, story],
    ['before the next second', { ...both, effective_at: { lt: end + 1 } }, story],
    ['after a second', { ...both, effective_at: { gt: end } }, story],
    ['from the next second', { ...both, effective_at: { gte: end + 1 } }, story],
    ['between', { effective_at: { gte: end + 1, lte: end } }, []],
    ['in the future', { effective_at: { gt: end + 3600 } }, []],
  ] as const satisfies readonly [string, Query, readonly string[]][]) {
    t.same(typesOf(await collect(query)), expected, name)
  }
})

t.test('before an entry come the nearest that are newer', async (t) => {
  const all = await collect({ project_ids: [one.id] })
  const query = { project_ids: [one.id], before: all[6]?.id ?? '', limit: 2 }
  const page = await auditLogs.list(query)
  t.same(
    page.data.map(({ id }) => id),
    [all[4]?.id, all[5]?.id],
  )
  t.ok(page.has_more)
  const rest = await auditLogs.list({ ...query, limit: 100 })
  t.equal(rest.data.length, 6)
  t.notOk(rest.has_more)
  const between = await auditLogs.list({ ...query, limit: 100, after: all[2]?.id ?? '' })
  t.same(
    between.data.map(({ id }) => id),
    all.slice(3, 6).map(({ id }) => id),
  )
})

t.test('a slip is refused, and named', async (t) => {
  for (const [query, status, param] of [
    ['limit=0', 400, 'limit'],
    ['limit=101', 400, 'limit'],
    ['after=nope', 404, 'after'],
    ['before=nope', 404, 'before'],
    ['effective_at[gte]=yesterday', 400, 'effective_at[gte]'],
    ['effective_at[gte]=1767225600000', 400, 'effective_at[gte]'],
    ['effective_at[gte]=1&effective_at[gte]=1', 400, 'effective_at[gte]'],
    ['projects=x', 400, 'projects'],
  ] as const) {
    const answer = await server.admin.call('GET', `/v1/organization/audit_logs?${query}`)
    t.match(answer.error(), { status, param }, query)
  }
  const path = '/v1/organization/audit_logs'
  t.equal((await server.api.call('GET', path)).status, 403)
  t.equal((await server.as().call('GET', path)).status, 401)
})

t.test('neither a key nor its hash is told', async (t) => {
  const { text } = await server.admin.call(
    'GET',
    `/v1/organization/audit_logs?limit=100&project_ids[]=${one.id}`,
  )
  t.notMatch(text, one.key)
  t.notMatch(text, /sha256":"(?!185f8db32271fe25f561a6fc938b2e26)/, 'but of the content')
})
