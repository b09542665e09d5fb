import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ApiClient,
  multipart,
  startServer,
  type TestServer,
  temporaryFolder,
  until,
} from '@custody/testkit'
import t from 'tap'

// What is erased beside files: uploads in parts that are not yet, or never were, one, and webhooks.

const scopes = [
  ...['read', 'write', 'erase'].map((one) => `api.files.${one}`),
  'api.webhooks.write',
]
// Content is looked for as it was sent.
const env = { CUSTODY_SEAL: 'off' }
const BYTES = 2048

const newMark = () => `m${randomBytes(12).toString('hex')}`

/** Those of the marks that any file in the data folder holds. */
function found(dataDir: string, marks: readonly string[]): string[] {
  const files = readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
  return marks.filter((mark) => files.some((bytes) => bytes.includes(mark)))
}

/** @returns ids of the upload and of its one part */
async function begin(api: ApiClient, filename: string, content: string) {
  const declared = { purpose: 'user_data', bytes: BYTES, mime_type: 'text/plain' }
  const upload = await api.call('POST', '/v1/uploads', {
    body: { ...declared, filename },
  })
  const { id } = upload.json()
  const part = await api.call('POST', `/v1/uploads/${id}/parts`, {
    body: multipart([
      { name: 'data', filename: 'blob', content: Buffer.alloc(BYTES, content) },
    ]),
  })
  return { id, part: part.json().id }
}

/** What a part has, and what the log keeps of it: its digest. */
function contentMarks(content: string): string[] {
  const bytes = Buffer.alloc(BYTES, content)
  return [content, createHash('sha256').update(bytes).digest('hex')]
}

/** @returns id of the file */
async function complete(api: ApiClient, upload: { id: string; part: string }) {
  const answer = await api.call('POST', `/v1/uploads/${upload.id}/complete`, {
    body: { part_ids: [upload.part] },
  })
  return answer.json<{ file: { id: string } }>().file.id
}

async function isSound(server: TestServer): Promise<boolean> {
  const checks = [['replay'], ['verify', '--blobs']].map((args) =>
    server.custodyHere('audit', ...args),
  )
  return (await Promise.all(checks)).every(({ code }) => code === 0)
}

t.test("a key's uploads in parts are a part of its trail, pending or not", async (t) => {
  const server = await startServer(t, { env })
  const { api, id: project, keyId } = await server.createProject({ scopes })
  const names = [newMark(), newMark(), newMark()] as const
  const [pending, unwanted] = [newMark(), newMark()]
  const contents = [...contentMarks(pending), ...contentMarks(unwanted)]
  await begin(api, names[0], pending)
  const cancelled = await begin(api, names[1], unwanted)
  await api.call('POST', `/v1/uploads/${cancelled.id}/cancel`)
  const file = await complete(api, await begin(api, names[2], 'completed'))

  const args = ['erase', '--actor', keyId, '--project', project]
  const expected = { files: 1, file_ids: [file], held: 0, uploads: 2 }
  const plan = await server.custodyHere(...args, '--dry-run', '--json')
  t.match(JSON.parse(plan.stdout), expected)
  t.match((await api.get(file)).json(), { filename: names[2] }, 'nothing was done')
  t.match(JSON.parse((await server.custodyHere(...args, '--json')).stdout), expected)
  t.same(found(server.dataDir, [...names, ...contents]), [])
  t.match((await server.custodyHere(...args)).stdout, /0 files/)
  t.ok(await isSound(server))
})

t.test("a key's webhooks that were deleted are a part of its trail", async (t) => {
  const server = await startServer(t, { env })
  const { api, id: project, keyId } = await server.createProject({ scopes })
  const marks = [newMark(), newMark(), newMark(), newMark()] as const
  const make = async (url: string, description: string) => {
    const body = { url: `https://example.com/${url}`, events: ['*'], description }
    return (await api.call('POST', '/v1/webhooks', { body })).json().id
  }
  const deleted = await make(marks[0], 'first')
  await api.call('POST', `/v1/webhooks/${deleted}`, { body: { description: marks[1] } })
  await api.call('DELETE', `/v1/webhooks/${deleted}`)
  await make(marks[2], marks[3])

  const args = ['erase', '--actor', keyId, '--project', project, '--json']
  t.match(JSON.parse((await server.custodyHere(...args, '--dry-run')).stdout), {
    webhooks: 1,
  })
  t.same(found(server.dataDir, marks), marks, 'nothing was done')
  t.match(JSON.parse((await server.custodyHere(...args)).stdout), { webhooks: 1 })
  t.same(found(server.dataDir, marks), marks.slice(2), 'those that work are there')
  t.ok(await isSound(server))
})

t.test(
  'an upload that a backup has pending, and whose file was erased, goes',
  async (t) => {
    const dataDir = temporaryFolder(t)
    const first = await startServer(t, { dataDir, env })
    const { api, key } = await first.createProject({ scopes })
    const marks = [newMark(), newMark()] as const
    const upload = await begin(api, ...marks)
    await first.stop()
    const database = join(dataDir, 'custody.db')
    const backup = join(temporaryFolder(t), 'custody.db')
    copyFileSync(database, backup)

    const second = await startServer(t, { dataDir, env })
    const id = await complete(second.as(key), upload)
    const erased = await second.as(key).call('POST', `/v1/files/${id}/erase`)
    t.equal(erased.status, 200, erased.text)
    await second.stop()
    for (const suffix of ['-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true })
    copyFileSync(backup, database)
    t.same(found(dataDir, marks), marks, 'the backup has it')

    const third = await startServer(t, { dataDir, env, flags: ['--accept-rollback'] })
    const shown = await third.as(key).call('GET', `/v1/uploads/${upload.id}`)
    t.match(shown.json(), { status: 'cancelled', filename: null })
    await until('nothing of it is left', () => found(dataDir, marks).length === 0)
    t.ok(await isSound(third))
  },
)
