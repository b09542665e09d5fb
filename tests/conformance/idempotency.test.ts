import { randomUUID } from 'node:crypto'
import { connect, createServer } from 'node:net'
import {
  type Answer,
  type ApiClient,
  multipart,
  stagedFiles,
  startServer,
  storedBlobs,
  temporaryFolder,
} from '@custody/testkit'
import OpenAI, { toFile } from 'openai'
import t, { type Test } from 'tap'

const server = await startServer(t)
const MiB = 2 ** 20

const newKey = () => randomUUID()
const under = (key: string) => ({ headers: { 'idempotency-key': key } })
const line =
  '{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"Hello"}]}}\n'
const small = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
const large = { ...small, content: Buffer.alloc(MiB, 'a line of a large file\n') }

const filesOf = async (api: ApiClient) => (await api.listAll()).map(({ id }) => id)
const replayed = (answer: Answer) => answer.headers.get('idempotent-replayed')

for (const [size, form] of Object.entries({ small, large })) {
  t.test(
    `a ${size} upload that is sent again is answered as the first one`,
    async (t) => {
      const { api } = await server.createProject()
      const key = newKey()
      const first = await api.upload(form, under(key))
      t.equal(first.status, 200)
      t.equal(replayed(first), null)
      const stored = storedBlobs(server.dataDir)
      const again = await api.upload(form, under(key))
      t.same(again.json(), first.json())
      t.equal(replayed(again), 'true')
      for (const header of ['x-custody-position', 'content-type']) {
        t.equal(again.headers.get(header), first.headers.get(header))
      }
      t.same(await filesOf(api), [first.json().id])
      t.same(storedBlobs(server.dataDir), stored, 'no bytes beside')
      t.same(stagedFiles(server.dataDir), [])
      const other = await api.upload(form, under(newKey()))
      t.not(other.json().id, first.json().id, 'another key, another file')
    },
  )

  t.test(`20 clients that send one ${size} upload at once make one file`, async (t) => {
    const { api } = await server.createProject()
    const key = newKey()
    const before = storedBlobs(server.dataDir).length
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.upload(form, under(key))),
    )
    const [first] = answers
    for (const answer of answers) {
      t.equal(answer.status, 200)
      t.same(answer.json(), first?.json())
    }
    t.equal(answers.filter((answer) => replayed(answer) === null).length, 1)
    t.same(await filesOf(api), [first?.json().id])
    t.equal(storedBlobs(server.dataDir).length - before, size === 'large' ? 1 : 0)
    t.same(stagedFiles(server.dataDir), [])
  })
}

t.test(
  'the order of fields and the boundary do not matter, what they say does',
  async (t) => {
    const { api } = await server.createProject()
    const key = newKey()
    const file = { name: 'file', filename: 'a.txt', content: 'Hello' }
    const purpose = { name: 'purpose', content: 'user_data' }
    const owner = { name: 'metadata[owner]', content: 'Ada' }
    const json = { name: 'metadata', content: '{"owner":"Ada"}' }
    const first = await api.upload([purpose, owner, file], under(key))
    t.equal(first.status, 200)
    for (const same of [
      [owner, file, purpose],
      [file, json, purpose],
    ]) {
      t.same(
        (await api.upload(multipart(same, 'another'), under(key))).json(),
        first.json(),
      )
    }
    const others = {
      content: [purpose, owner, { ...file, content: 'Hallo' }],
      name: [purpose, owner, { ...file, filename: 'b.txt' }],
      purpose: [{ ...purpose, content: 'assistants' }, owner, file],
      metadata: [purpose, { ...owner, content: 'Eve' }, file],
      'no metadata': [purpose, file],
      expiry: [purpose, owner, file, { name: 'expires_after', content: '3600' }],
      type: [purpose, owner, { ...file, type: 'text/other' }],
    }
    for (const [what, parts] of Object.entries(others)) {
      const refused = await api.upload(parts, under(key))
      t.match(
        refused.error(),
        { status: 409, code: 'idempotency_key_reused', type: 'invalid_request_error' },
        what,
      )
      t.equal(refused.headers.get('x-should-retry'), 'false')
    }
    t.same(await filesOf(api), [first.json().id])
  },
)

t.test('a refusal is not kept: the next request with the key is the first', async (t) => {
  const { api } = await server.createProject()
  const key = newKey()
  const refused = await api.upload({ ...small, purpose: 'batch' }, under(key))
  t.equal(refused.status, 400)
  t.equal((await api.upload({ ...small, content: '' }, under(key))).status, 400)
  const first = await api.upload(small, under(key))
  t.equal(first.status, 200)
  t.same((await api.upload(small, under(key))).json(), first.json())
})

t.test('a key counts in its project, for its API key, on its route', async (t) => {
  const [a, b] = [await server.createProject(), await server.createProject()]
  const account = await server.admin.call(
    'POST',
    `/v1/organization/projects/${a.id}/service_accounts`,
    { body: { name: 'second' } },
  )
  const second = server.as(account.json<{ api_key: { value: string } }>().api_key.value)
  const key = newKey()
  const ids = new Set<string>()
  for (const api of [a.api, b.api, second]) {
    const answer = await api.upload(small, under(key))
    t.equal(answer.status, 200)
    ids.add(answer.json().id)
  }
  t.equal(ids.size, 3)
  const body = { purpose: 'user_data', filename: 'a', bytes: 1, mime_type: 'a/b' }
  const upload = await a.api.call('POST', '/v1/uploads', { ...under(key), body })
  t.match(upload.json(), { object: 'upload' })
})

t.test('what ended meanwhile is not brought back, and not told', async (t) => {
  const { api } = await server.createProject({
    scopes: ['read', 'write', 'erase'].map((one) => `api.files.${one}`),
  })
  const ends = {
    deleted: (id: string) => api.delete(id),
    erased: (id: string) => api.call('POST', `/v1/files/${id}/erase`),
  }
  for (const [how, end] of Object.entries(ends)) {
    for (const form of [small, large]) {
      const key = newKey()
      const { id } = (await api.upload(form, under(key))).json()
      t.equal((await end(id)).status, 200)
      const again = await api.upload(form, under(key))
      t.match(again.error(), { status: 404, param: 'id' }, how)
      t.match(again.error().message, `No such File object: ${id}. The first request`)
      t.notMatch(again.text, small.filename)
    }
  }
  t.same(await filesOf(api), [])
  t.same(stagedFiles(server.dataDir), [])
})

t.test('every dialect tells the first file in its own form', async (t) => {
  for (const dialect of ['gravix', 'gateflow', 'platform', 'melious']) {
    const { api } = await server.createProject({ dialect })
    const form = { purpose: 'batch', filename: 'a.jsonl', content: line }
    const first = await api.upload(form, under('k'))
    t.equal(first.status, 200, dialect)
    t.same((await api.upload(form, under('k'))).json(), first.json())
    const { id } = first.json()
    t.equal((await api.delete(id)).status, 200)
    const again = await api.upload(form, under('k'))
    t.equal(again.status, 404)
    t.match(again.text, `No such File object: ${id}. `)
  }
})

t.test(
  'a file that fills the quota is told again, though there is no room',
  async (t) => {
    const { length } = large.content
    const { api } = await server.createProject({ limits: { quota_bytes: length } })
    const key = newKey()
    const both = await Promise.all([
      api.upload(large, under(key)),
      api.upload(large, under(key)),
    ])
    t.same(
      both.map(({ status }) => status),
      [200, 200],
    )
    t.same((await api.upload(large, under(key))).json(), both[0]?.json())
    t.match((await api.upload(large, under(newKey()))).error(), {
      status: 507,
      code: 'storage_quota_exceeded',
    })
  },
)

t.test('what is no key is refused, and nothing is stored', async (t) => {
  const { api } = await server.createProject()
  const wrong = ['', 'a b', 'x'.repeat(256), 'Schlüssel', 'one, two']
  for (const key of wrong) {
    const refused = await api.upload(small, under(key))
    t.match(refused.error(), {
      status: 400,
      code: 'invalid_value',
      param: 'Idempotency-Key',
      message: /1 to 255 visible ASCII characters/,
    })
  }
  t.same(await filesOf(api), [])
  for (const key of ['x'.repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"']) {
    t.equal((await api.upload(small, under(key))).status, 200)
  }
})

t.test('every route of uploads in parts does a request once', async (t) => {
  const { api } = await server.createProject()
  const declared = { purpose: 'user_data', filename: 'a', bytes: 10, mime_type: 'a/b' }
  const twice = async (path: string, body: object): Promise<Answer> => {
    const options = { ...under('the-same-everywhere'), body }
    const [first, again] = await Promise.all([
      api.call('POST', path, options),
      api.call('POST', path, options),
    ])
    t.equal(first.status, 200, path)
    t.same(again.json(), first.json())
    t.same([replayed(first), replayed(again)].toSorted(), [null, 'true'].toSorted())
    return first
  }
  const { id } = (await twice('/v1/uploads', declared)).json()
  const data = multipart([{ name: 'data', filename: 'd', content: '0123456789' }])
  const part = (await twice(`/v1/uploads/${id}/parts`, data)).json()
  const { parts } = (await api.call('GET', `/v1/uploads/${id}`)).json<{
    parts: { id: string }[]
  }>()
  t.match(parts, [{ id: part.id }])
  t.equal(parts.length, 1)
  const completion = { part_ids: [part.id] }
  const done = await twice(`/v1/uploads/${id}/complete`, completion)
  const { file } = done.json<{ file: { id: string } }>()
  t.same(await filesOf(api), [file.id])
  const late = await api.call('POST', `/v1/uploads/${id}/parts`, {
    ...under('the-same-everywhere'),
    body: data,
  })
  t.same(late.json(), part, 'a part is told when its upload has ended, too')
  const reused = await api.call('POST', `/v1/uploads/${id}/complete`, {
    ...under('the-same-everywhere'),
    body: { part_ids: [] },
  })
  t.match(reused.error(), { status: 409, code: 'idempotency_key_reused' })
})

t.test(
  'holds and projects are made once; a hold that was released is not told',
  async (t) => {
    const { api } = await server.createProject({
      scopes: ['read', 'write', 'hold'].map((one) => `api.files.${one}`),
    })
    const { id } = (await api.upload(small)).json()
    const hold = () =>
      api.call('POST', `/v1/files/${id}/holds`, {
        ...under('h'),
        body: { name: 'trial' },
      })
    const first = await hold()
    t.equal(first.status, 200)
    t.same((await hold()).json(), first.json())
    await api.call('DELETE', `/v1/files/${id}/holds/trial`)
    t.equal((await hold()).error().status, 404)

    const key = newKey()
    const project = (name: string) =>
      server.admin.call('POST', '/v1/organization/projects', {
        ...under(key),
        body: { name },
      })
    const made = await project('once')
    t.equal(made.status, 200)
    t.same((await project('once')).json(), made.json())
    t.equal((await project('other')).error().status, 409)
  },
)

t.test('a key outlives kill -9, and an upload that was cut leaves it free', async (t) => {
  const dataDir = temporaryFolder(t)
  const before = await startServer(t, { dataDir })
  const first = await before.api.upload(large, under('k'))
  const cut = new AbortController()
  const lost = before.api.upload(large, { ...under('cut'), signal: cut.signal })
  cut.abort()
  await t.rejects(lost)
  await before.kill()
  const after = await startServer(t, { dataDir })
  t.same((await after.api.upload(large, under('k'))).json(), first.json())
  const second = await after.api.upload(large, under('cut'))
  t.equal(second.status, 200)
  t.same(await filesOf(after.api), [second.json().id, first.json().id])
})

t.test('the SDK that tries again after a lost answer gets the first file', async (t) => {
  const { api, key: apiKey } = await server.createProject()
  const proxy = await cuttingProxy(t, server.address)
  const client = new OpenAI({ baseURL: `${proxy.address}/v1`, apiKey, maxRetries: 2 })
  for (const bytes of [10, 3 * MiB]) {
    proxy.cutNext()
    const file = await client.files.create(
      { file: await toFile(Buffer.alloc(bytes, 'x'), 'a.bin'), purpose: 'user_data' },
      { headers: { 'Idempotency-Key': newKey() } },
    )
    t.equal(file.bytes, bytes)
    t.equal((await filesOf(api))[0], file.id)
  }
  t.equal((await filesOf(api)).length, 2)
  t.equal(proxy.cuts, 2)
})

/** Passes bytes on; cuts a connection when its answer comes, as often as it was asked to. */
async function cuttingProxy(t: Test, target: string) {
  const { hostname, port } = new URL(target)
  let wanted = 0
  let cuts = 0
  const proxy = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    client.pipe(upstream)
    upstream.on('data', (chunk) => {
      if (wanted === 0) return void client.write(chunk)
      wanted -= 1
      cuts += 1
      client.destroy()
      upstream.destroy()
    })
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => proxy.close())
  const address = proxy.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return {
    address: `http://127.0.0.1:${address.port}`,
    cutNext() {
      wanted += 1
    },
    get cuts() {
      return cuts
    },
  }
}
