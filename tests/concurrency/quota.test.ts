import {
  type ApiClient,
  RawConnection,
  requestHead,
  stagedFiles,
  startServer,
  storedBlobs,
  type TestProject,
  until,
} from '@custody/testkit'
import t, { type Test } from 'tap'

const server = await startServer(t)
const KiB = 1024

type Usage = {
  readonly object: 'usage'
  readonly bytes: number
  readonly files: number
  readonly reserved_bytes: number
  readonly quota_bytes: number | null
  readonly by_purpose: Readonly<Record<string, { bytes: number; files: number }>>
}

const usageOf = async (api: ApiClient) =>
  (await api.call('GET', '/v1/usage')).json<Usage>()

const withQuota = (quota_bytes: number) =>
  server.createProject({ limits: { quota_bytes } })

const fileOf = (bytes: number, fields: readonly (readonly [string, string])[] = []) => ({
  purpose: 'user_data',
  filename: 'a.bin',
  content: Buffer.alloc(bytes, 'a'),
  fields,
})

const expiresAfter = (seconds: number) =>
  [
    ['expires_after[anchor]', 'created_at'],
    ['expires_after[seconds]', String(seconds)],
  ] as const

async function reservedNothing(t: Test, api: ApiClient): Promise<void> {
  const freed = await until('the end of the reservations', async () => {
    const usage = await usageOf(api)
    return usage.reserved_bytes === 0 && usage
  })
  t.equal(freed.reserved_bytes, 0)
}

/** An upload that has sent `sent` of its bytes, and waits. */
async function beginUpload(
  t: Test,
  { key }: Pick<TestProject, 'key'>,
  declared: number,
  sent: number,
): Promise<{ connection: RawConnection; rest: Buffer }> {
  const head =
    '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n' +
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
  const form = Buffer.concat([
    Buffer.from(head),
    Buffer.alloc(declared, 'a'),
    Buffer.from('\r\n--b--\r\n'),
  ])
  const connection = await RawConnection.open(server.address)
  t.teardown(() => connection.vanish())
  const request = requestHead(
    'POST /v1/files',
    `Authorization: Bearer ${key}`,
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${form.length}`,
  )
  connection.send(request, form.subarray(0, head.length + sent))
  return { connection, rest: form.subarray(head.length + sent) }
}

for (const [what, bytes] of [
  ['in one piece', 10 * KiB],
  ['that stream', 100 * KiB],
] as const) {
  t.test(`of 50 parallel uploads ${what} as many are taken as fit`, async (t) => {
    const fits = 20
    const { api } = await withQuota(fits * bytes + bytes - 1)
    let isOver = false
    const watch = async () => {
      while (!isOver) {
        const usage = await usageOf(api)
        if (usage.bytes > (usage.quota_bytes ?? 0)) t.fail(`${usage.bytes} are used`)
      }
    }
    const watching = watch()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.upload(fileOf(bytes))),
    )
    isOver = true
    await watching
    const taken = answers.filter(({ status }) => status === 200)
    t.equal(taken.length, fits)
    for (const answer of answers) {
      if (answer.status === 200) continue
      t.match(answer.error(), { status: 507, code: 'storage_quota_exceeded' })
      t.equal(answer.headers.get('x-should-retry'), 'false')
    }
    await reservedNothing(t, api)
    t.same(await usageOf(api), {
      object: 'usage',
      bytes: fits * bytes,
      files: fits,
      reserved_bytes: 0,
      quota_bytes: fits * bytes + bytes - 1,
      by_purpose: { user_data: { bytes: fits * bytes, files: fits } },
    })
    t.equal((await api.upload(fileOf(bytes))).status, 507)
    t.equal((await api.upload(fileOf(bytes - 1))).status, 200, 'the last byte counts')
    t.equal((await api.upload(fileOf(1))).status, 507)
  })
}

t.test('files that fill a quota to the byte are taken, all at once', async (t) => {
  const { api } = await withQuota(50 * 70 * KiB)
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => api.upload(fileOf(70 * KiB))),
  )
  t.same([...new Set(answers.map(({ status }) => status))], [200])
  const { bytes, quota_bytes } = await usageOf(api)
  t.equal(bytes, quota_bytes)
})

t.test('a refusal leaves nothing behind', async (t) => {
  const { api } = await withQuota(200 * KiB)
  const before = storedBlobs(server.dataDir).length
  t.equal((await api.upload(fileOf(300 * KiB))).status, 507)
  t.equal((await api.upload(fileOf(150 * KiB))).status, 200)
  t.equal((await api.upload(fileOf(60 * KiB))).status, 507)
  t.equal(storedBlobs(server.dataDir).length, before + 1)
  await until('the end of the staging files', () => {
    return stagedFiles(server.dataDir).length === 0
  })
  t.equal((await api.list()).data.length, 1)
})

t.test('what is deleted is free at once', async (t) => {
  const { api } = await withQuota(100)
  for (let round = 0; round < 3; round += 1) {
    const { id } = (await api.upload(fileOf(100))).json()
    t.equal((await api.upload(fileOf(1))).status, 507)
    t.equal((await api.delete(id)).status, 200)
  }
  t.match(await usageOf(api), { bytes: 0, files: 0, by_purpose: {} })
})

t.test('what has expired is free', async (t) => {
  for (let seconds = 1; ; seconds *= 2) {
    const user_data = { default_expiry_seconds: seconds }
    const { api } = await server.createProject({
      limits: { quota_bytes: 100, purposes: { user_data } },
    })
    const first = await api.upload(fileOf(100))
    t.equal(first.status, 200)
    const second = await api.upload(fileOf(1, expiresAfter(3600)))
    // A machine that stood still for that long has to be given longer.
    if (Date.now() >= (first.json().expires_at ?? 0) * 1000 && seconds < 30) continue
    t.equal(second.status, 507)
    await until('the expiry', async () => (await usageOf(api)).bytes === 0)
    t.equal((await api.upload(fileOf(100, expiresAfter(3600)))).status, 200)
    return
  }
})

t.test('an upload is refused while it comes, when it crosses the quota', async (t) => {
  const project = await withQuota(500 * KiB)
  const { connection } = await beginUpload(t, project, 900 * KiB, 600 * KiB)
  const refusal = await connection.answer()
  t.match(refusal.error(), { status: 507, code: 'storage_quota_exceeded' })
  t.equal(refusal.headers.get('x-should-retry'), 'false')
  await reservedNothing(t, project.api)
  t.equal((await project.api.upload(fileOf(500 * KiB))).status, 200)
})

t.test('a body that cannot fit is refused with its first bytes', async (t) => {
  const MiB = KiB * KiB
  const project = await withQuota(MiB)
  const { connection } = await beginUpload(t, project, 20 * MiB, 10)
  t.match((await connection.answer()).error(), { code: 'storage_quota_exceeded' })
})

t.test('running uploads hold what has come of them, until they end', async (t) => {
  const project = await withQuota(500 * KiB)
  const { api } = project
  const first = await beginUpload(t, project, 300 * KiB, 200 * KiB)
  await until('the reservation', async () => {
    return (await usageOf(api)).reserved_bytes === 200 * KiB
  })
  t.equal((await api.upload(fileOf(301 * KiB))).status, 507)
  const second = await beginUpload(t, project, 300 * KiB, 250 * KiB)
  await until('the reservation', async () => {
    return (await usageOf(api)).reserved_bytes === 450 * KiB
  })
  t.match(await usageOf(api), { bytes: 0, files: 0 })
  second.connection.vanish()
  await until('the end of the reservation', async () => {
    return (await usageOf(api)).reserved_bytes === 200 * KiB
  })
  first.connection.send(first.rest)
  t.equal((await first.connection.answer()).status, 200)
  t.match(await usageOf(api), { bytes: 300 * KiB, reserved_bytes: 0 })
  t.equal((await api.upload(fileOf(200 * KiB))).status, 200)
})

t.test('a file that is refused for something else takes nothing', async (t) => {
  const { api } = await withQuota(1000)
  const wrong = { purpose: 'batch', filename: 'a.jsonl', content: 'x'.repeat(900) }
  t.equal((await api.upload(wrong)).status, 400)
  t.match(await usageOf(api), { bytes: 0, reserved_bytes: 0 })
  t.equal((await api.upload(fileOf(1000))).status, 200)
})

t.test('a dry run takes nothing and is not refused for the quota', async (t) => {
  const { api } = await withQuota(10)
  const form = {
    contentType: 'multipart/form-data; boundary=b',
    body: Buffer.from(
      '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n' +
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n' +
        `${'a'.repeat(100)}\r\n--b--\r\n`,
    ),
  }
  const answer = await api.call('POST', '/v1/files/validate', { body: form })
  t.match(answer.json<object>(), { object: 'file.validation', valid: true })
  t.match(await usageOf(api), { bytes: 0, reserved_bytes: 0 })
})

t.test('projects do not share a quota, and one without has none', async (t) => {
  const [one, other, free] = await Promise.all([
    withQuota(100),
    withQuota(100),
    server.createProject(),
  ])
  t.equal((await one.api.upload(fileOf(100))).status, 200)
  t.equal((await one.api.upload(fileOf(1))).status, 507)
  t.equal((await other.api.upload(fileOf(100))).status, 200)
  t.equal((await free.api.upload(fileOf(1000))).status, 200)
  t.match(await usageOf(other.api), { bytes: 100, quota_bytes: 100 })
  t.match(await usageOf(free.api), { bytes: 1000, quota_bytes: null })
})

t.test('usage tells what each purpose takes, to keys that may read', async (t) => {
  const project = await server.createProject({ scopes: ['api.files.write'] })
  const refusal = await project.api.call('GET', '/v1/usage')
  t.match(refusal.error(), { status: 403, message: /api\.files\.read/ })
  const { api } = await server.createProject()
  await api.upload(fileOf(100))
  await api.upload({ ...fileOf(10), purpose: 'assistants', filename: 'a.txt' })
  await api.upload(fileOf(1))
  t.match(await usageOf(api), {
    bytes: 111,
    files: 3,
    by_purpose: {
      user_data: { bytes: 101, files: 2 },
      assistants: { bytes: 10, files: 1 },
    },
  })
})

t.test('a changed quota holds from the next request on', async (t) => {
  const { api, id } = await withQuota(100)
  const path = `/v1/organization/projects/${id}`
  t.equal((await api.upload(fileOf(200))).status, 507)
  await server.admin.call('POST', path, { body: { limits: { quota_bytes: 200 } } })
  t.equal((await api.upload(fileOf(200))).status, 200)
  await server.admin.call('POST', path, { body: { limits: { quota_bytes: 100 } } })
  t.equal((await api.upload(fileOf(1))).status, 507)
  t.match(await usageOf(api), { bytes: 200, quota_bytes: 100 })
})
