import { type Answer, type ApiClient, startServer, until } from '@custody/testkit'
import t from 'tap'

type HoldObject = {
  readonly id: string
  readonly object: string
  readonly file_id: string
  readonly name: string
  readonly note: string | null
  readonly created_at: number
  readonly retain_until: number | null
}

const server = await startServer(t)
const scopes = ['api.files.read', 'api.files.write', 'api.files.hold']
const now = () => Math.floor(Date.now() / 1000)

async function upload(api: ApiClient): Promise<string> {
  const file = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  return (await api.upload(file)).json().id
}

const hold = (api: ApiClient, file: string, body: object): Promise<Answer> =>
  api.call('POST', `/v1/files/${file}/holds`, { body })
const release = (api: ApiClient, file: string, name: string): Promise<Answer> =>
  api.call('DELETE', `/v1/files/${file}/holds/${encodeURIComponent(name)}`)
const holds = (api: ApiClient, file: string): Promise<Answer> =>
  api.call('GET', `/v1/files/${file}/holds`)

t.test('a held file stays until its holds are released', async (t) => {
  const { api } = await server.createProject({ scopes })
  const file = await upload(api)
  const name = 'case 2026/17 “Müller”'
  const placed = await hold(api, file, { name, note: 'asked for by the court' })
  t.equal(placed.status, 200)
  const { id, created_at, ...shown } = placed.json<HoldObject>()
  t.match(id, /^hold_[0-9a-f]{32}$/)
  t.ok(Math.abs(created_at - now()) <= 5)
  t.same(shown, {
    object: 'file.hold',
    file_id: file,
    name,
    note: 'asked for by the court',
    retain_until: null,
  })
  await hold(api, file, { name: 'audit' })

  for (const one of [name, 'audit']) {
    const refused = await api.delete(file)
    t.match(refused.error(), { status: 409, code: 'file_held', param: 'id' })
    t.equal(refused.headers.get('x-should-retry'), 'false')
    t.equal((await api.get(file)).status, 200)
    t.match((await release(api, file, one)).json(), {
      object: 'file.hold',
      name: one,
      released: true,
    })
  }
  t.same((await holds(api, file)).json<{ data: unknown }>().data, [])
  t.equal((await api.delete(file)).status, 200)
  t.equal((await holds(api, file)).status, 404)
})

t.test('holds are listed in the order in which they were placed', async (t) => {
  const { api } = await server.createProject({ scopes })
  const file = await upload(api)
  t.same((await holds(api, file)).json(), {
    object: 'list',
    data: [],
    retain_until: null,
    has_more: false,
  })
  const one = (await hold(api, file, { name: 'one' })).json<HoldObject>()
  const two = (
    await hold(api, file, { name: 'two', retain_until: now() + 1000 })
  ).json<HoldObject>()
  t.same((await holds(api, file)).json<{ data: unknown }>().data, [one, two])
  t.equal((await release(api, file, one.id)).status, 200, 'by its id as well')
  t.same((await holds(api, file)).json<{ data: unknown }>().data, [two])
})

t.test('a hold with a time ends by itself', async (t) => {
  const { api } = await server.createProject({ scopes })
  for (let seconds = 2; ; seconds *= 2) {
    const file = await upload(api)
    const end = now() + seconds
    const held = await hold(api, file, { name: 'short', retain_until: end })
    const early = await api.delete(file)
    // A machine that stood still for that long has to be given longer.
    if (Date.now() >= end * 1000 && seconds < 30) continue
    t.equal(held.status, 200)
    t.match(early.error(), { status: 409, code: 'file_held' })
    await until('the end of the hold', () => Date.now() >= end * 1000)
    t.equal((await api.delete(file)).status, 200)
    return
  }
})

t.test('a retention of the project keeps what is uploaded under it', async (t) => {
  const { api } = await server.createProject({
    scopes,
    limits: { retain_seconds: 1000 },
  })
  const file = await upload(api)
  const { retain_until } = (await holds(api, file)).json<{ retain_until: number }>()
  t.ok(Math.abs(retain_until - (now() + 1000)) <= 5)
  t.match((await api.delete(file)).error(), { status: 409, code: 'file_held' })
  const query = `purpose=user_data&created_before=${now() + 100}`
  for (const dryRun of [true, false]) {
    const answer = await api.call('DELETE', `/v1/files?${query}&dry_run=${dryRun}`)
    t.match(answer.json(), { matched: 1, deleted: 0, held: 1, ids: [] })
  }
})

t.test('a wrong hold is refused, and nothing is held', async (t) => {
  const { api } = await server.createProject({ scopes })
  const file = await upload(api)
  const cases: readonly [object, object][] = [
    [{}, { code: 'missing_required_parameter', param: 'name' }],
    [{ name: '' }, { code: 'missing_required_parameter', param: 'name' }],
    [{ name: 7 }, { code: 'invalid_type', param: 'name' }],
    [{ name: 'x'.repeat(257) }, { code: 'string_above_max_length', param: 'name' }],
    [{ name: 'a', note: 'x'.repeat(2_049) }, { code: 'string_above_max_length' }],
    [
      { name: 'a', retain_until: 'soon' },
      { code: 'invalid_type', param: 'retain_until' },
    ],
    [
      { name: 'a', retain_until: now() - 1 },
      { code: 'invalid_value', param: 'retain_until' },
    ],
    [{ name: 'a', retain_until: Date.now() }, { code: 'integer_above_max_value' }],
    [
      { name: 'a', until: 7 },
      { code: 'unknown_parameter', param: 'until' },
    ],
  ]
  for (const [body, error] of cases) {
    t.match((await hold(api, file, body)).error(), { status: 400, ...error })
  }
  await hold(api, file, { name: 'a' })
  t.match((await hold(api, file, { name: 'a' })).error(), {
    status: 409,
    code: 'hold_exists',
  })
  t.match((await release(api, file, 'b')).error(), {
    status: 404,
    code: 'hold_not_found',
    param: 'hold',
  })
  t.equal((await holds(api, file)).json<{ data: unknown[] }>().data.length, 1)
})

t.test("another project's file and a key without the scope hold nothing", async (t) => {
  const { api } = await server.createProject({ scopes })
  const other = await server.createProject({ scopes })
  const plain = await server.createProject()
  const file = await upload(api)
  const never = 'file-00000000000000000000000000000000'
  for (const call of [hold, (a: ApiClient, f: string) => release(a, f, 'x'), holds]) {
    const foreign = await call(other.api, file, { name: 'x' })
    const unknown = await call(other.api, never, { name: 'x' })
    t.equal(foreign.text.replace(file, never), unknown.text)
    t.equal(foreign.status, 404)
  }
  const own = await upload(plain.api)
  t.match((await hold(plain.api, own, { name: 'x' })).error(), {
    status: 403,
    code: 'insufficient_permissions',
    message: /api\.files\.hold/,
  })
})

t.test('a held file outlasts its project', async (t) => {
  const { api, id: project, keyId } = await server.createProject({ scopes })
  const file = await upload(api)
  await hold(api, file, { name: 'case' })
  const path = `/v1/organization/projects/${project}`
  t.equal((await server.admin.call('POST', `${path}/archive`)).status, 200)
  const erased = await server.admin.call('POST', `${path}/files/${file}/erase`)
  t.match(erased.error(), { status: 409, code: 'file_held' })
  const trail = await server.admin.call('POST', `${path}/api_keys/${keyId}/erase`, {
    body: {},
  })
  t.match(trail.json(), { files: 0, held: 1, held_ids: [file] })
  const shown = await server.custody('audit', 'show', file)
  t.match(shown.stdout, /personal: \{"filename":/)
  t.match(await server.custody('audit', 'verify', '--blobs'), { code: 0 })
})

t.test('the index is what the log says of holds', async (t) => {
  const { code, stdout } = await server.custody('audit', 'replay')
  t.equal(code, 0, stdout)
})
