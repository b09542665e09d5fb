import { setTimeout as delay } from 'node:timers/promises'
import {
  type Answer,
  type ApiClient,
  type FileObject,
  readEvents,
  startServer,
  until,
} from '@custody/testkit'
import t from 'tap'

type Deletion = {
  readonly object: string
  readonly dry_run: boolean
  readonly matched: number
  readonly deleted: number
  readonly held: number
  readonly ids: readonly string[]
  readonly has_more: boolean
}

const server = await startServer(t)
const later = Math.floor(Date.now() / 1000) + 1000

const bulk = (client: ApiClient, query = ''): Promise<Answer> =>
  client.call('DELETE', `/v1/files${query && `?${query}`}`)

const ask = async (client: ApiClient, query: string): Promise<Deletion> =>
  (await bulk(client, query)).json<Deletion>()

async function uploads(
  client: ApiClient,
  count: number,
  purpose = 'user_data',
): Promise<FileObject[]> {
  const files: FileObject[] = []
  for (let n = 0; n < count; n += 1) {
    const upload = { purpose, filename: `${n}.txt`, content: 'Hello' }
    const answer = await client.upload(upload)
    if (answer.status !== 200) throw new Error(answer.text)
    files.push(answer.json())
  }
  return files
}

const idsOf = (files: readonly FileObject[]) => files.map(({ id }) => id)
const listed = async (client: ApiClient) => idsOf(await client.listAll()).toReversed()

t.test('without dry_run=false it tells what would go, and deletes nothing', async (t) => {
  const { api } = await server.createProject()
  const files = await uploads(api, 3)
  await uploads(api, 1, 'assistants')
  for (const dryRun of ['', '&dry_run=true']) {
    const answer = await bulk(api, `purpose=user_data&created_before=${later}${dryRun}`)
    t.equal(answer.status, 200)
    const deletion = answer.json<Deletion>()
    t.same(Object.keys(deletion), [
      'object',
      'dry_run',
      'matched',
      'deleted',
      'held',
      'ids',
      'has_more',
    ])
    t.same(deletion, {
      object: 'file.bulk_deletion',
      dry_run: true,
      matched: 3,
      deleted: 0,
      held: 0,
      ids: idsOf(files),
      has_more: false,
    })
  }
  t.equal((await api.listAll()).length, 4)
})

t.test('files of the purpose are deleted, each with an event of its own', async (t) => {
  const { api, id: project, keyId } = await server.createProject()
  const files = await uploads(api, 150)
  const [kept] = await uploads(api, 1, 'assistants')
  const before = (await readEvents(server.dataDir)).length
  const answer = await bulk(
    api,
    `purpose=user_data&created_before=${later}&dry_run=false`,
  )
  t.same(answer.json(), {
    object: 'file.bulk_deletion',
    dry_run: false,
    matched: 150,
    deleted: 150,
    held: 0,
    ids: idsOf(files),
    has_more: false,
  })
  t.same(await listed(api), [kept?.id])
  t.equal((await api.content(files[0]?.id ?? '')).status, 404)
  const events = (await readEvents(server.dataDir))
    .slice(before)
    .map(({ record }) => record)
    .filter(({ type }) => type === 'FileDeleted')
  t.equal(events.length, 150)
  t.equal(new Set(events.map(({ stream }) => stream)).size, 150)
  t.same(
    new Set(events.map((one) => `${one.project} ${one.actor} ${one.request}`)),
    new Set([`${project} key:${keyId} ${answer.headers.get('x-request-id')}`]),
  )
})

t.test('created_before is a time in Unix seconds, and not before itself', async (t) => {
  const { api } = await server.createProject()
  const [first] = await uploads(api, 1)
  const { created_at: created } = first ?? { created_at: 0 }
  await until('the next second', () => Date.now() >= (created + 1) * 1000)
  const [second] = await uploads(api, 1)
  const query = (before: number) => `purpose=user_data&created_before=${before}`
  t.equal((await ask(api, query(0))).matched, 0)
  t.equal((await ask(api, query(created))).matched, 0)
  t.same((await ask(api, query(created + 1))).ids, [first?.id])
  t.equal((await ask(api, query((second?.created_at ?? 0) + 1))).matched, 2)
  t.equal((await ask(api, `${query(created + 1)}&dry_run=false`)).deleted, 1)
  t.same(await listed(api), [second?.id])
})

t.test('1,000 ids at most; matched and deleted tell the whole number', async (t) => {
  const { api } = await server.createProject()
  await Promise.all(Array.from({ length: 10 }, () => uploads(api, 101)))
  const query = `purpose=user_data&created_before=${later}`
  const oldest = (await listed(api)).slice(0, 1_000)
  t.match(await ask(api, query), { matched: 1_010, ids: oldest, has_more: false })
  const deletion = await ask(api, `${query}&dry_run=false`)
  t.match(deletion, { matched: 1_010, deleted: 1_010, ids: oldest, has_more: false })
  t.same(await listed(api), [])
  t.match(await ask(api, `${query}&dry_run=false`), { matched: 0, deleted: 0, ids: [] })
})

t.test('a purpose that no file has matches nothing', async (t) => {
  const { api } = await server.createProject()
  await uploads(api, 1)
  const query = `purpose=user-data&created_before=${later}&dry_run=false`
  t.match(await ask(api, query), { matched: 0, deleted: 0, ids: [], has_more: false })
})

const good = `purpose=user_data&created_before=${later}`
const refused = {
  '': { code: 'missing_required_parameter', param: 'purpose' },
  'dry_run=false': { code: 'missing_required_parameter', param: 'purpose' },
  [`created_before=${later}&dry_run=false`]: {
    code: 'missing_required_parameter',
    param: 'purpose',
  },
  [`purpose=&created_before=${later}&dry_run=false`]: {
    code: 'missing_required_parameter',
    param: 'purpose',
  },
  'purpose=user_data&dry_run=false': {
    code: 'missing_required_parameter',
    param: 'created_before',
  },
  'purpose=user_data&created_before=&dry_run=false': {
    code: 'missing_required_parameter',
    param: 'created_before',
  },
  'purpose=user_data&created_before=yesterday&dry_run=false': {
    code: 'invalid_type',
    param: 'created_before',
  },
  'purpose=user_data&created_before=2030-01-01T00:00:00Z&dry_run=false': {
    code: 'invalid_type',
    param: 'created_before',
  },
  'purpose=user_data&created_before=1e9&dry_run=false': {
    code: 'invalid_type',
    param: 'created_before',
  },
  'purpose=user_data&created_before=-1&dry_run=false': {
    code: 'integer_below_min_value',
    param: 'created_before',
  },
  [`purpose=user_data&created_before=${later}000&dry_run=false`]: {
    code: 'integer_above_max_value',
    param: 'created_before',
  },
  [`${good}&dry_run=no`]: { code: 'invalid_value', param: 'dry_run' },
  [`${good}&dry_run=0`]: { code: 'invalid_value', param: 'dry_run' },
  [`${good}&dry_run=False`]: { code: 'invalid_value', param: 'dry_run' },
  [`${good}&dry_run=`]: { code: 'invalid_value', param: 'dry_run' },
  [`${good}&dry_run=false&dry_run=false`]: {
    code: 'duplicate_parameter',
    param: 'dry_run',
  },
  [`${good}&purpose=user_data&dry_run=false`]: {
    code: 'duplicate_parameter',
    param: 'purpose',
  },
  [`${good}&created_before=1&dry_run=false`]: {
    code: 'duplicate_parameter',
    param: 'created_before',
  },
  [`${good}&limit=1&dry_run=false`]: { code: 'unknown_parameter', param: 'limit' },
  [`${good}&dry_run=false&__proto__=1`]: {
    code: 'unknown_parameter',
    param: '__proto__',
  },
  [`${good}&Dry_Run=true&dry_run=false`]: {
    code: 'unknown_parameter',
    param: 'Dry_Run',
  },
}

t.test('a query that is not clear deletes nothing', async (t) => {
  const { api } = await server.createProject()
  const files = idsOf(await uploads(api, 2))
  for (const [query, error] of Object.entries(refused)) {
    const refusal = (await bulk(api, query)).error()
    t.match(refusal, { status: 400, type: 'invalid_request_error', ...error }, query)
  }
  t.same(await listed(api), files)
})

t.test('an empty id is never a bulk deletion', async (t) => {
  const { api } = await server.createProject()
  const files = idsOf(await uploads(api, 2))
  for (const path of ['/v1/files/', '/v1/files//', '/v1/files/%20']) {
    const answer = await api.call('DELETE', `${path}?${good}&dry_run=false`)
    t.equal(answer.status, 404, path)
  }
  t.same(await listed(api), files)
})

t.test('the key needs api.files.write, and reaches its own project only', async (t) => {
  const { api } = await server.createProject()
  const files = idsOf(await uploads(api, 2))
  const reader = await server.createProject({ scopes: ['api.files.read'] })
  const other = await server.createProject()
  const query = `${good}&dry_run=false`
  t.match((await bulk(reader.api, query)).error(), {
    status: 403,
    message: /api\.files\.write\./,
  })
  t.equal((await bulk(server.as(), query)).status, 401)
  t.equal((await bulk(server.admin, query)).status, 403)
  t.match(await ask(other.api, query), { matched: 0, deleted: 0, ids: [] })
  t.same(await listed(api), files)
})

t.test('files that end meanwhile are counted once, whoever ended them', async (t) => {
  const { api } = await server.createProject({
    limits: { purposes: { assistants: { default_expiry_seconds: 1 } } },
  })
  const files = await uploads(api, 200)
  const short = await uploads(api, 50, 'assistants')
  const single = async () => {
    let deleted = 0
    for (const { id } of files.toReversed())
      if ((await api.delete(id)).status === 200) deleted += 1
    return deleted
  }
  const assistants = `purpose=assistants&created_before=${later}&dry_run=false`
  const [bySingle, first, second] = await Promise.all([
    single(),
    ask(api, `${good}&dry_run=false`),
    ask(api, `${good}&dry_run=false`),
    delay(990).then(() => ask(api, assistants)),
  ])
  t.equal(bySingle + first.deleted + second.deleted, files.length)
  await until('the last expiry', async () => (await api.listAll()).length === 0)
  const all = new Set([...files, ...short].map(({ id }) => id.slice('file-'.length)))
  await until('an end of each', async () => {
    const ends = (await readEvents(server.dataDir)).filter(
      ({ record }) =>
        /^File(Deleted|Expired)$/.test(record.type) &&
        all.has(record.stream.replaceAll('-', '')),
    )
    return ends.length >= all.size
  })
  const { code, stdout } = await server.custody('audit', 'replay')
  t.equal(code, 0, stdout)
})

t.test('uploads are answered while a deletion runs', async (t) => {
  // A deletion may be over before any upload is answered: then another one shows it.
  for (let round = 1; ; round += 1) {
    const { api } = await server.createProject()
    const other = await server.createProject()
    await Promise.all(Array.from({ length: 32 }, () => uploads(api, 30)))
    let isDone = false
    const deletion = ask(api, `${good}&dry_run=false`).then((answer) => {
      isDone = true
      return answer
    })
    let meanwhile = 0
    while (!isDone) {
      const upload = { purpose: 'assistants', filename: 'a.txt', content: 'x' }
      const [a, b] = await Promise.all([api.upload(upload), other.api.upload(upload)])
      t.equal(a.status, 200)
      t.equal(b.status, 200)
      if (!isDone) meanwhile += 1
    }
    t.match(await deletion, { matched: 960, deleted: 960 })
    t.equal((await api.listAll()).length, (await other.api.listAll()).length)
    if (meanwhile === 0 && round < 5) continue
    t.ok(meanwhile > 0, `${meanwhile} uploads of each project came in between`)
    return
  }
})
