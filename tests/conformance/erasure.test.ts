import { randomBytes, randomUUID } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type Answer,
  type ApiClient,
  multipart,
  readEvents,
  startServer,
  storedBlobs,
  type TestServer,
  temporaryFolder,
} from '@custody/testkit'
import t from 'tap'

const KiB = 1024
const scopes = ['read', 'write', 'hold', 'erase'].map((one) => `api.files.${one}`)
// Content is looked for as it was sent.
const env = { CUSTODY_SEAL: 'off' }
const server = await startServer(t, { env })
const now = () => Math.floor(Date.now() / 1000)

const erase = (api: ApiClient, file: string): Promise<Answer> =>
  api.call('POST', `/v1/files/${file}/erase`)

const secrets = ['name', 'metadata', 'hold', 'note', 'content'] as const
type Marks = Readonly<Record<(typeof secrets)[number], string>>

const newMarks = (): Marks => {
  const mark = (what: string) => `${what}${randomBytes(12).toString('hex')}`
  return {
    name: mark('a'),
    metadata: mark('b'),
    hold: mark('c'),
    note: mark('d'),
    content: mark('e'),
  }
}

/** Those of the marks that any file in the data folder holds. */
function found(dataDir: string, marks: Marks): string[] {
  const here = new Set<string>()
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = readFileSync(join(entry.parentPath, entry.name))
    for (const what of secrets) if (bytes.includes(marks[what])) here.add(what)
  }
  return secrets.filter((what) => here.has(what))
}

/** A file that says its marks wherever a file can; its hold is released. */
async function uploadMarked(api: ApiClient, marks: Marks, bytes = KiB): Promise<string> {
  const content = Buffer.alloc(bytes, marks.content)
  const answer = await api.upload({
    purpose: 'user_data',
    filename: `${marks.name}.txt`,
    content,
    fields: [['metadata', JSON.stringify({ about: marks.metadata })]],
  })
  if (answer.status !== 200) throw new Error(answer.text)
  const { id } = answer.json()
  const hold = { name: marks.hold, note: marks.note }
  await api.call('POST', `/v1/files/${id}/holds`, { body: hold })
  await api.call('DELETE', `/v1/files/${id}/holds/${marks.hold}`)
  return id
}

async function replays(server: TestServer): Promise<string> {
  const { code, stdout, stderr } = await server.custodyHere('audit', 'replay')
  return code === 0 ? 'OK' : stdout + stderr
}

async function verifies(server: TestServer, ...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await server.custodyHere('audit', 'verify', ...flags)
  return code === 0 ? 'OK' : stdout + stderr
}

for (const [place, bytes] of [
  ['inline', 3 * KiB],
  ['on disk', 300 * KiB],
] as const) {
  t.test(`nothing of an erased file is left: content ${place}`, async (t) => {
    const { api } = await server.createProject({ scopes })
    const marks = newMarks()
    const id = await uploadMarked(api, marks, bytes)
    // Others around it, some of which are deleted: pages are split and merged.
    for (let n = 0; n < 40; n += 1) {
      const other = await api.upload({
        purpose: 'user_data',
        filename: `${'other '.repeat(n)}.txt`,
        content: 'x'.repeat(1 + 100 * n),
      })
      if (n % 3 === 0) await api.delete(other.json().id)
    }
    t.same(found(server.dataDir, marks), [...secrets], 'or nothing is looked for')

    const before = now()
    const answer = await erase(api, id)
    t.equal(answer.status, 200, answer.text)
    const { erased_at, ...shown } = answer.json<{ erased_at: number }>()
    t.same(shown, { id, object: 'file.erasure', erased: true })
    t.ok(erased_at >= before - 1 && erased_at <= now() + 1)
    t.same(found(server.dataDir, marks), [])
    if (place === 'on disk') t.same(storedBlobs(server.dataDir), [])

    t.equal((await api.get(id)).status, 404)
    t.equal((await api.content(id)).status, 404)
    t.same((await erase(api, id)).json(), answer.json(), 'once more is as well')
    t.equal(await replays(server), 'OK')
    t.equal(await verifies(server, '--blobs'), 'OK')
  })
}

t.test('a file that was deleted before is erased as well', async (t) => {
  const { api } = await server.createProject({ scopes })
  const marks = newMarks()
  const id = await uploadMarked(api, marks, 100 * KiB)
  t.equal((await api.delete(id)).status, 200)
  t.equal((await erase(api, id)).status, 200)
  t.same(found(server.dataDir, marks), [])
  const { data } = (await api.call('GET', '/v1/files')).json<{ data: unknown }>()
  t.same(data, [])
  t.equal(await replays(server), 'OK')
})

t.test(
  'an erasure follows a file to the upload in parts that it came from',
  async (t) => {
    const { api } = await server.createProject({ scopes })
    const marks = newMarks()
    const unused = newMarks()
    const content = Buffer.alloc(100 * KiB, marks.content)
    const created = await api.call('POST', '/v1/uploads', {
      body: {
        filename: `${marks.name}.txt`,
        purpose: 'user_data',
        bytes: 2 * content.length,
        mime_type: 'text/plain',
      },
    })
    const upload = created.json().id
    const part = async (bytes: Buffer) => {
      const form = multipart([{ name: 'data', filename: 'data', content: bytes }])
      const added = await api.call('POST', `/v1/uploads/${upload}/parts`, { body: form })
      return added.json().id
    }
    const parts = [await part(content), await part(content)]
    await part(Buffer.alloc(10 * KiB, unused.content))
    const path = `/v1/uploads/${upload}/complete`
    const completed = await api.call('POST', path, { body: { part_ids: parts } })
    t.equal(completed.status, 200, completed.text)
    const { id } = completed.json<{ file: { id: string } }>().file
    t.same(found(server.dataDir, marks), ['name', 'content'])
    const answer = await erase(api, id)
    t.equal(answer.status, 200, answer.text)
    t.same(found(server.dataDir, marks), [])
    t.same(found(server.dataDir, unused), [], 'what was sent in vain is gone, too')
    t.notMatch((await api.call('GET', `/v1/uploads/${upload}`)).text, marks.name)
    t.equal(await replays(server), 'OK')
    t.equal(await verifies(server, '--blobs'), 'OK')
  },
)

t.test('the events of an erased file stay, without what was private', async (t) => {
  const { api } = await server.createProject({
    scopes: [...scopes, 'api.audit.read'],
  })
  const id = await uploadMarked(api, newMarks())
  await erase(api, id)
  const { data } = (await api.call('GET', `/v1/files/${id}/events`)).json<{
    data: { type: string; data: { personal?: object } }[]
  }>()
  t.same(data.map(({ type }) => type).sort(), [
    'custody.file.erased',
    'custody.file.held',
    'custody.file.released',
    'custody.file.uploaded',
    'custody.private_data.erased',
  ])
  for (const event of data) {
    for (const value of Object.values(event.data.personal ?? {})) t.equal(value, null)
  }
})

t.test('a held file is refused, and stays', async (t) => {
  const { api } = await server.createProject({ scopes })
  const marks = newMarks()
  const id = await uploadMarked(api, marks)
  await api.call('POST', `/v1/files/${id}/holds`, { body: { name: 'case' } })
  const refused = await erase(api, id)
  t.match(refused.error(), { status: 409, code: 'file_held', param: 'id' })
  t.equal(refused.headers.get('x-should-retry'), 'false')
  t.equal((await api.get(id)).json().filename, `${marks.name}.txt`)
  await api.call('DELETE', `/v1/files/${id}/holds/case`)
  t.equal((await erase(api, id)).status, 200)

  const kept = await server.createProject({ scopes, limits: { retain_seconds: 1000 } })
  const file = await uploadMarked(kept.api, marks)
  t.match((await erase(kept.api, file)).error(), { status: 409, code: 'file_held' })
})

t.test("another project's file, nothing, and a key without the scope", async (t) => {
  const { api } = await server.createProject({ scopes })
  const other = await server.createProject({ scopes })
  const plain = await server.createProject()
  const id = await uploadMarked(api, newMarks())
  const foreign = await erase(other.api, id)
  const missing = await erase(other.api, `file-${randomUUID().replaceAll('-', '')}`)
  t.match(foreign.error(), { status: 404, code: null, param: 'id' })
  t.equal(
    foreign.error().message.replace(id, ''),
    missing.error().message.replace(/file-.*/, ''),
  )
  t.match((await erase(other.api, 'nonsense')).error(), { status: 404, param: 'id' })
  t.match((await erase(plain.api, id)).error(), {
    status: 403,
    code: 'insufficient_permissions',
  })
  t.match(
    (await api.call('POST', `/v1/files/${id}/erase`, { body: { why: 1 } })).error(),
    { status: 400, code: 'unknown_parameter', param: 'why' },
  )
  t.equal((await api.get(id)).status, 200, 'it is there still')
})

t.test('a reader that holds the log is waited for', async (t) => {
  const { api } = await server.createProject({ scopes })
  const marks = newMarks()
  const id = await uploadMarked(api, marks)
  const reader = new DatabaseSync(join(server.dataDir, 'custody.db'), { readOnly: true })
  t.teardown(() => reader.close())
  reader.exec('begin')
  reader.prepare('select count(*) from events').get()
  const answer = erase(api, id)
  await t.resolves(
    (async () => {
      while ((await api.get(id)).status !== 404) {}
    })(),
    'it is decided at once',
  )
  t.not(found(server.dataDir, marks).length, 0, 'the write-ahead log holds it still')
  reader.exec('rollback')
  t.equal((await answer).status, 200)
  t.same(found(server.dataDir, marks), [])
})

t.test('many erasures at once are all done', async (t) => {
  const { api } = await server.createProject({ scopes })
  const files = await Promise.all(
    Array.from({ length: 12 }, async (_, n) => {
      const marks = newMarks()
      return { marks, id: await uploadMarked(api, marks, n % 2 ? KiB : 80 * KiB) }
    }),
  )
  const answers = await Promise.all(files.map(({ id }) => erase(api, id)))
  for (const answer of answers) t.equal(answer.status, 200, answer.text)
  for (const { marks } of files) t.same(found(server.dataDir, marks), [])
  t.equal(await replays(server), 'OK')
})

t.test('the command line erases a file of any project', async (t) => {
  const { api, id: project } = await server.createProject({ scopes })
  const marks = newMarks()
  const id = await uploadMarked(api, marks)
  const done = await server.custody('erase', id, '--project', project)
  t.match(done, {
    code: 0,
    stdout: `${id} is erased: what was said of it, and its content\n`,
  })
  t.same(found(server.dataDir, marks), [])
  t.match(await server.custodyHere('erase', id), {
    code: 1,
    stderr: `custody: No such File object: ${id}\n`,
  })
  for (const wrong of [['erase'], ['erase', id, '--actor', 'key_1']]) {
    t.match(await server.custody(...wrong), {
      code: 1,
      stderr: /Say what is to be erased/,
    })
  }
})

t.test("a key's trail goes, and other people's files stay as they are", async (t) => {
  const { api, id: project, keyId, accountId } = await server.createProject({ scopes })
  const second = await server.admin.call(
    'POST',
    `/v1/organization/projects/${project}/service_accounts`,
    { body: { name: 'Somebody else', scopes } },
  )
  const otherApi = server.as(second.json<{ api_key: { value: string } }>().api_key.value)
  const marks = newMarks()
  const kept = newMarks()
  const mine = await uploadMarked(api, marks)
  const theirs = await uploadMarked(otherApi, kept)
  // Of another's file: a hold of this key, which is gone, and one of another's.
  const note = newMarks()
  await api.call('POST', `/v1/files/${theirs}/holds`, {
    body: { name: note.hold, note: note.note },
  })
  await otherApi.call('DELETE', `/v1/files/${theirs}/holds/${note.hold}`)
  const heldMarks = newMarks()
  const held = await uploadMarked(api, heldMarks)
  await otherApi.call('POST', `/v1/files/${held}/holds`, { body: { name: 'case' } })

  const account = `/v1/organization/projects/${project}/service_accounts/${accountId}`
  const names = [newMarks(), newMarks()]
  for (const { name } of names) {
    await server.admin.call('POST', account, { body: { name } })
  }
  const path = `/v1/organization/projects/${project}/api_keys/${keyId}/erase`
  const plan = await server.admin.call('POST', path, { body: { dry_run: true } })
  const expected = {
    id: keyId,
    object: 'api_key.erasure',
    revoked: true,
    service_account_id: accountId,
    files: 2,
    held: 1,
    file_ids: [mine, theirs],
    held_ids: [held],
  }
  t.match(plan.json(), { ...expected, dry_run: true })
  t.equal((await api.get(mine)).json().filename, `${marks.name}.txt`, 'nothing was done')

  const args = ['erase', '--actor', keyId, '--project', project]
  const { code, stdout } = await server.custody(...args, '--json')
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { ...expected, dry_run: false })
  t.equal((await api.get(mine)).status, 401, 'the key is revoked')
  t.same(found(server.dataDir, marks), ['content'])
  t.same(found(server.dataDir, note), [])
  t.same(found(server.dataDir, kept), [...secrets])
  t.same(found(server.dataDir, heldMarks), [...secrets])
  const file = await otherApi.get(mine)
  t.match(file.json(), { id: mine, filename: null })
  t.equal((await otherApi.content(mine)).status, 200)
  for (const former of names) t.same(found(server.dataDir, former), [])
  t.match((await server.admin.call('GET', account)).json(), { name: '' })
  t.match(await server.custodyHere(...args), { code: 0, stdout: /0 files/ })
  t.match((await server.custodyHere('erase', '--actor', 'key_none')).stderr, 'key_none')
  t.equal(await replays(server), 'OK')
  t.equal(await verifies(server), 'OK')
})

t.test('an older database is erased again before it serves', async (t) => {
  const dataDir = temporaryFolder(t)
  const first = await startServer(t, { dataDir, env })
  const { api, key, keyId, id: project } = await first.createProject({ scopes })
  const marks = newMarks()
  const nameless = newMarks()
  const id = await uploadMarked(api, marks, 80 * KiB)
  const later = await uploadMarked(api, nameless)
  await api.call('POST', `/v1/files/${id}/holds`, { body: { name: 'case' } })
  await first.stop()
  const backup = join(temporaryFolder(t), 'custody.db')
  copyFileSync(join(dataDir, 'custody.db'), backup)

  const second = await startServer(t, { dataDir, env })
  const client = second.as(key)
  await client.call('DELETE', `/v1/files/${id}/holds/case`)
  t.equal((await erase(client, id)).status, 200)
  await second.custodyHere('erase', '--actor', keyId, '--project', project)
  await second.stop()
  const list = readFileSync(join(dataDir, 'erasures.log'), 'utf8')
  for (const what of secrets) t.notMatch(list, marks[what])

  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(join(dataDir, `custody.db${suffix}`), { force: true })
  }
  copyFileSync(backup, join(dataDir, 'custody.db'))
  t.ok(found(dataDir, marks).includes('name'), 'the backup has it')
  const third = await startServer(t, { dataDir, env, flags: ['--accept-rollback'] })
  t.equal((await third.as(key).get(id)).status, 401, 'the key is revoked again')
  const events = (await readEvents(dataDir)).filter(({ record }) =>
    ['FileErased', 'ApiKeyRevoked'].includes(record.type),
  )
  t.match(
    events.map(({ record }) => record),
    [
      { stream: /./, data: { reason: 'restore' }, actor: 'system:erasure' },
      { stream: keyId },
    ],
  )
  const answer = await third.admin.call(
    'POST',
    `/v1/organization/projects/${project}/files/${id}/erase`,
  )
  t.equal(answer.status, 200, 'and asked for, it says when all is gone')
  t.same(found(dataDir, marks), [])
  t.same(found(dataDir, nameless), ['content'])
  t.equal(await replays(third), 'OK')
  t.equal(await verifies(third), 'OK')
  await third.stop()

  const fourth = await startServer(t, { dataDir, env })
  const { length } = await readEvents(dataDir)
  t.equal((await fourth.as(key).get(later)).status, 401)
  t.equal((await readEvents(dataDir)).length, length, 'it is done once')
})
