import { startServer } from '@custody/testkit'
import OpenAI, {
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  toFile,
} from 'openai'
import t from 'tap'
import { refusalOf } from './support/refusal-of.ts'

const server = await startServer(t)
const baseURL = `${server.address}/v1`
const { auditLogs, projects } = new OpenAI({
  baseURL,
  apiKey: server.apiKey,
  adminAPIKey: server.adminKey,
}).admin.organization

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

t.test('projects: create, retrieve, update, list and archive', async (t) => {
  const made = await projects.create({ name: 'Team A' })
  t.match(made, {
    id: /^proj_/,
    object: 'organization.project',
    name: 'Team A',
    status: 'active',
    created_at: Number,
    archived_at: null,
  })
  t.same(await projects.retrieve(made.id), made)
  const renamed = await projects.update(made.id, { name: 'Team B' })
  t.match(renamed, { id: made.id, name: 'Team B' })
  const archived = await projects.archive(made.id)
  t.match(archived, { id: made.id, status: 'archived', archived_at: Number })

  const listed = await collect(projects.list())
  t.notOk(
    listed.some((project) => project.id === made.id),
    'archived projects are not listed',
  )
  const all = await collect(projects.list({ include_archived: true }))
  t.same(
    all.filter((project) => project.id === made.id),
    [archived],
    'unless they are asked for',
  )
})

t.test('lists page by themselves, and end', async (t) => {
  const names = Array.from({ length: 5 }, (_, n) => `Page ${n}`)
  for (const name of names) await projects.create({ name })
  const listed = await collect(projects.list({ limit: 2 }))
  t.same(
    listed.map((project) => project.name),
    ['Default project', ...names],
    'oldest first, each once',
  )
})

t.test('a service account comes with a key that works, shown once', async (t) => {
  const { id } = await projects.create({ name: 'Uploads' })
  const account = await projects.serviceAccounts.create(id, { name: 'uploader' })
  t.match(account, {
    object: 'organization.project.service_account',
    name: 'uploader',
    role: 'member',
    api_key: { object: 'organization.project.service_account.api_key', value: /^sk-/ },
  })
  const { api_key: key } = account
  if (!key) return t.fail('no key')
  const client = new OpenAI({ baseURL, apiKey: key.value })
  const file = await client.files.create({
    file: await toFile(Buffer.from('Hello'), 'hello.txt'),
    purpose: 'user_data',
  })
  t.equal((await client.files.retrieve(file.id)).id, file.id)

  const { api_key: _, ...withoutKey } = account
  t.same(
    await projects.serviceAccounts.retrieve(account.id, { project_id: id }),
    withoutKey,
  )
  t.same(await collect(projects.serviceAccounts.list(id)), [withoutKey])

  const listed = await collect(projects.apiKeys.list(id, { limit: 1 }))
  t.equal(listed.length, 1)
  t.match(listed[0], {
    id: key.id,
    object: 'organization.project.api_key',
    owner: { type: 'service_account', service_account: { id: account.id } },
  })
  t.notOk(JSON.stringify(listed).includes(key.value), 'its value is not told again')
  t.same(await projects.apiKeys.retrieve(key.id, { project_id: id }), listed[0])

  t.match(await projects.apiKeys.delete(key.id, { project_id: id }), {
    id: key.id,
    object: 'organization.project.api_key.deleted',
    deleted: true,
  })
  t.ok(
    (await refusalOf(client.files.list())) instanceof AuthenticationError,
    'it stops at once',
  )
  const gone = await refusalOf(projects.apiKeys.retrieve(key.id, { project_id: id }))
  t.ok(gone instanceof NotFoundError)
})

t.test('further keys of a service account end with it', async (t) => {
  const { id } = await projects.create({ name: 'Two keys' })
  const account = await projects.serviceAccounts.create(id, { name: 'worker' })
  const second = await projects.serviceAccounts.apiKeys.create(account.id, {
    project_id: id,
    name: 'second',
  })
  const clients = [account.api_key?.value, second.value].map(
    (apiKey) => new OpenAI({ baseURL, apiKey: apiKey ?? '' }),
  )
  t.equal((await collect(projects.apiKeys.list(id, { limit: 1 }))).length, 2)
  for (const client of clients) t.same((await client.files.list()).data, [])
  t.match(await projects.serviceAccounts.delete(account.id, { project_id: id }), {
    id: account.id,
    object: 'organization.project.service_account.deleted',
    deleted: true,
  })
  for (const client of clients)
    t.ok((await refusalOf(client.files.list())) instanceof AuthenticationError)
  t.same(await collect(projects.apiKeys.list(id)), [])
})

t.test('a service account gets another name', async (t) => {
  const { id } = await projects.create({ name: 'Renamed' })
  const { serviceAccounts } = projects
  const { api_key: key, ...account } = await serviceAccounts.create(id, { name: 'old' })
  const changed = await serviceAccounts.update(account.id, {
    project_id: id,
    name: 'new',
    role: 'member',
  })
  t.same(changed, { ...account, name: 'new' })
  t.same(await serviceAccounts.retrieve(account.id, { project_id: id }), changed)
  const [listed] = await collect(projects.apiKeys.list(id))
  t.match(listed, { id: key?.id, owner: { service_account: { name: 'new' } } })

  const owner = { project_id: id, role: 'owner' } as const
  const refusal = await refusalOf(serviceAccounts.update(account.id, owner))
  t.ok(refusal instanceof BadRequestError)
  const other = await projects.create({ name: 'Not its own' })
  for (const [project_id, account_id] of [
    [id, 'sa_none'],
    [other.id, account.id],
  ] as const) {
    const refused = serviceAccounts.update(account_id, { project_id, name: 'x' })
    t.ok((await refusalOf(refused)) instanceof NotFoundError)
  }
  await serviceAccounts.delete(account.id, { project_id: id })
  const late = serviceAccounts.update(account.id, { project_id: id, name: 'x' })
  t.ok((await refusalOf(late)) instanceof NotFoundError)

  const log = await collect(auditLogs.list({ event_types: ['service_account.updated'] }))
  t.match(log, [
    { 'service_account.updated': { id: account.id, changes_requested: { name: 'new' } } },
  ])
})

t.test('the keys of an archived project stop', async (t) => {
  const { id } = await projects.create({ name: 'Short' })
  const { api_key: key } = await projects.serviceAccounts.create(id, { name: 'one' })
  const client = new OpenAI({ baseURL, apiKey: key?.value ?? '' })
  t.same((await client.files.list()).data, [])
  await projects.archive(id)
  t.ok((await refusalOf(client.files.list())) instanceof AuthenticationError)
  const error = await refusalOf(projects.serviceAccounts.create(id, { name: 'two' }))
  t.match(error, { status: 409, code: 'project_archived' })
})

t.test('what is not there is a NotFoundError', async (t) => {
  const { serviceAccounts } = projects
  t.ok((await refusalOf(projects.retrieve('proj_none'))) instanceof NotFoundError)
  t.ok((await refusalOf(serviceAccounts.list('proj_none'))) instanceof NotFoundError)
})
