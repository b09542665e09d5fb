import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Answer,
  type ApiClient,
  type FileObject,
  multipart,
  readEvents,
  startServer,
  storedBlobs,
  sweepDataFolder,
  until,
} from '@custody/testkit'
import t from 'tap'

type Named = { readonly id: string }
type UploadObject = Named & { readonly status: string; readonly file: FileObject | null }

const KiB = 1024
const server = await startServer(t)
const { api, dataDir } = server

const post = (path: string, body?: object, by: ApiClient = api): Promise<Answer> =>
  by.call('POST', `/v1/uploads${path}`, body && { body })
const create = async (bytes: number, by = api): Promise<string> => {
  const body = { filename: 'a', purpose: 'user_data', mime_type: 'a/b', bytes }
  return (await post('', body, by)).json<Named>().id
}
const add = (upload: string, content: Uint8Array, by = api) =>
  post(`/${upload}/parts`, multipart([{ name: 'data', filename: 'upload', content }]), by)
const complete = (upload: string, part_ids: readonly string[], by = api) =>
  post(`/${upload}/complete`, { part_ids }, by)
const idOf = (answer: Answer) => answer.json<Named>().id
const partOf = (length: number, n: number) => Buffer.alloc(length, `part ${n} `)

const filesOf = async (upload: string) => {
  const source = upload.slice('upload_'.length)
  return (await readEvents(dataDir)).filter(({ record }) => {
    if (record.type !== 'FileUploaded') return false
    const data = Object(record.data)
    return String(data.source).replaceAll('-', '') === source
  })
}

t.test('60 parts at once become a file in the order of the list', async (t) => {
  const parts = Array.from({ length: 60 }, (_, n) =>
    partOf(n % 3 === 0 ? 70 * KiB : n * 100 + 1, n),
  )
  const content = Buffer.concat(parts)
  const upload = await create(content.length)
  const answers = await Promise.all(parts.map((part) => add(upload, part)))
  t.ok(answers.every(({ status }) => status === 200))
  const ids = answers.map(idOf)
  t.equal(new Set(ids).size, 60)
  const { file } = (await complete(upload, ids)).json<UploadObject>()
  const back = await api.content(file?.id ?? '')
  t.ok(back.bytes.equals(content))
  const sha256 = createHash('sha256').update(content).digest('hex')
  t.equal(back.headers.get('etag'), `"${sha256}"`)
})

t.test('large parts at once, one of them cut off half-way and sent again', async (t) => {
  const parts = Array.from({ length: 5 }, (_, n) =>
    n % 2 === 0 ? randomBytes(2_500 * KiB) : partOf(2_500 * KiB, n),
  )
  const content = Buffer.concat(parts)
  for (const stops of [false, true]) {
    const upload = await create(content.length)
    const cut = new AbortController()
    const { body, contentType } = multipart([{ name: 'data', filename: 'a', content }])
    const lost = fetch(`${server.address}/v1/uploads/${upload}/parts`, {
      method: 'POST',
      headers: {
        'content-type': contentType,
        authorization: `Bearer ${server.apiKey}`,
      },
      body: new ReadableStream({
        start: (stream) => stream.enqueue(Buffer.from(body).subarray(0, 1_500 * KiB)),
      }),
      duplex: 'half',
      signal: cut.signal,
    }).catch(() => undefined)
    await sleep(20)
    const adding = parts.map((part) => add(upload, part))
    if (stops) await Promise.all(adding)
    cut.abort()
    const ids = (await Promise.all(adding)).map(idOf)
    t.equal(await lost, undefined)
    const { file } = (await complete(upload, ids)).json<UploadObject>()
    const back = await api.content(file?.id ?? '')
    t.ok(back.bytes.equals(content))
    const sha256 = createHash('sha256').update(content).digest('hex')
    t.equal(back.headers.get('etag'), `"${sha256}"`)
  }
})

t.test('completions at once, the same and others, make one file', async (t) => {
  for (let round = 0; round < 8; round += 1) {
    const upload = await create(200)
    const one = idOf(await add(upload, partOf(100, 1)))
    const two = idOf(await add(upload, partOf(100, 2)))
    const orders = [
      [one, two],
      [two, one],
    ]
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => complete(upload, orders[n % 2] ?? [])),
    )
    const done = answers.filter(({ status }) => status === 200)
    t.equal(done.length, 4, 'all that ask for what was done')
    t.equal(new Set(done.map((answer) => answer.text)).size, 1)
    for (const answer of answers) {
      if (answer.status !== 200)
        t.match(answer.error(), { status: 400, code: 'upload_not_pending' })
    }
    t.equal((await filesOf(upload)).length, 1)
  }
})

t.test('an upload ends in one way, whatever is asked at once', async (t) => {
  for (let round = 0; round < 10; round += 1) {
    const upload = await create(100 * KiB)
    const part = idOf(await add(upload, partOf(100 * KiB, round)))
    const [late, completed, cancelled] = await Promise.all([
      add(upload, partOf(100 * KiB, 1)),
      complete(upload, [part]),
      post(`/${upload}/cancel`),
    ])
    t.not(completed.status, cancelled.status, 'one of the two')
    t.same([completed.status, cancelled.status].sort(), [200, 400])
    t.ok(late.status === 200 || late.error().code === 'upload_not_pending')
    const files = await filesOf(upload)
    t.equal(files.length, completed.status === 200 ? 1 : 0)
  }
})

t.test('parts at once do not overshoot a quota', async (t) => {
  const limits = { quota_bytes: 1000 * KiB }
  const project = await server.createProject({ limits })
  const uploads = await Promise.all(
    Array.from({ length: 3 }, () => create(1000 * KiB, project.api)),
  )
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      add(uploads[n % 3] ?? '', partOf(90 * KiB, n), project.api),
    ),
  )
  const taken = answers.filter(({ status }) => status === 200)
  t.ok(taken.length <= 11, `${taken.length} of 90 KiB`)
  t.ok(taken.length >= 1)
  for (const { status } of answers) t.ok(status === 200 || status === 507)
  for (const upload of uploads) await post(`/${upload}/cancel`, undefined, project.api)
  const form = { purpose: 'user_data', filename: 'a', content: partOf(1000 * KiB, 0) }
  t.equal((await project.api.upload(form)).status, 200, 'all of it is free again')
})

t.test('nothing is left of all that was not completed', async (t) => {
  await until('the end of the garbage', async () => {
    const there = (await api.listAll()).filter(({ bytes }) => bytes > 64 * KiB)
    const events = await readEvents(dataDir)
    const extents = new Set<string>()
    for (const { record, private: groups } of events) {
      if (record.type !== 'FileUploaded') continue
      for (const { id, bytes } of Object(groups.content).extents ?? [])
        if (bytes > 64 * KiB) extents.add(id)
    }
    return there.length > 0 && storedBlobs(dataDir).length === extents.size
  })
  const { code, stdout } = await server.custody('audit', 'replay')
  t.equal(code, 0, stdout)
  await server.stop()
  t.match(await sweepDataFolder(dataDir), { orphans: [], missing: [] })
})
