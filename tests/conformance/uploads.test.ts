import { createHash } from 'node:crypto'
import {
  type Answer,
  type ApiClient,
  type FileObject,
  multipart,
  RawConnection,
  readEvents,
  requestHead,
  stagedFiles,
  startServer,
  storedBlobs,
  sweepDataFolder,
  until,
} from '@custody/testkit'
import OpenAI, { toFile } from 'openai'
import t from 'tap'
import { refusalOf } from './support/refusal-of.ts'

type PartObject = {
  readonly id: string
  readonly object: string
  readonly created_at: number
  readonly upload_id: string
}

type UploadObject = {
  readonly id: string
  readonly object: string
  readonly bytes: number
  readonly created_at: number
  readonly filename: string
  readonly purpose: string
  readonly status: string
  readonly expires_at: number
  readonly file: FileObject | null
  readonly parts?: readonly (PartObject & {
    readonly bytes: number
    readonly sha256: string
  })[]
}

const KiB = 1024
const MiB = 1024 * KiB
const server = await startServer(t)
const { api } = server
const client = new OpenAI({
  baseURL: `${server.address}/v1`,
  apiKey: server.apiKey,
  maxRetries: 0,
})

const hash = (algorithm: string, content: Uint8Array) =>
  createHash(algorithm).update(content).digest('hex')
/** No two parts alike, and no two places in them. */
const bytesOf = (length: number, seed = 1) =>
  Buffer.alloc(length).map((_, n) => (n * 31 + seed * 17 + (n >> 8)) % 251)
const line =
  '{"custom_id":"1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"Hello"}]}}\n'

const declare = (bytes: number, more: object = {}) => ({
  filename: 'a.bin',
  purpose: 'user_data',
  mime_type: 'application/octet-stream',
  bytes,
  ...more,
})
const post = (path: string, body?: object, by: ApiClient = api): Promise<Answer> =>
  by.call('POST', `/v1/uploads${path}`, body && { body })

async function create(bytes: number, more: object = {}, by = api): Promise<UploadObject> {
  const answer = await post('', declare(bytes, more), by)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json<UploadObject>()
}

const sendPart = (upload: string, content: string | Uint8Array, by = api) =>
  post(
    `/${upload}/parts`,
    // As Python's SDK writes it.
    multipart([
      { name: 'data', filename: 'upload', type: 'application/octet-stream', content },
    ]),
    by,
  )

async function addPart(upload: string, content: string | Uint8Array): Promise<string> {
  const answer = await sendPart(upload, content)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json<PartObject>().id
}

const complete = (upload: string, part_ids: unknown, more: object = {}, by = api) =>
  post(`/${upload}/complete`, { part_ids, ...more }, by)
const cancel = (upload: string, by = api) => post(`/${upload}/cancel`, undefined, by)
const look = async (upload: string): Promise<UploadObject> =>
  (await api.call('GET', `/v1/uploads/${upload}`)).json<UploadObject>()

t.test('the SDK uploads a file in parts, in any order', async (t) => {
  const content = bytesOf(300 * KiB)
  const cuts = [content.subarray(0, 100_000), content.subarray(100_000)]
  const upload = await client.uploads.create({
    filename: 'Grüße.bin',
    purpose: 'user_data',
    mime_type: 'application/octet-stream',
    bytes: content.length,
    expires_after: { anchor: 'created_at', seconds: 3600 },
  })
  const { id, created_at, expires_at, ...shown } = upload
  t.match(id, /^upload_[0-9a-f]{32}$/)
  t.equal(expires_at, created_at + 3600)
  t.same(shown, {
    object: 'upload',
    bytes: content.length,
    filename: 'Grüße.bin',
    purpose: 'user_data',
    status: 'pending',
    file: null,
  })
  // The last part goes first.
  const parts: string[] = []
  for (const cut of cuts.toReversed()) {
    const part = await client.uploads.parts.create(id, {
      data: await toFile(cut, 'part'),
    })
    const { id: partId, created_at: at, ...rest } = part
    t.match(partId, /^part_[0-9a-f]{32}$/)
    t.type(at, 'number')
    t.same(rest, { object: 'upload.part', upload_id: id })
    parts.unshift(partId)
  }
  const done = await client.uploads.complete(id, {
    part_ids: parts,
    md5: hash('md5', content),
  })
  t.match(done, { id, status: 'completed', created_at, expires_at })
  const { file } = done
  if (!file) throw new Error('no file')
  t.match(file, { object: 'file', bytes: content.length, filename: 'Grüße.bin' })
  t.equal(file.expires_at, file.created_at + 3600)
  t.same(await client.files.retrieve(file.id), file)
  const back = await api.content(file.id)
  t.ok(back.bytes.equals(content))
  t.equal(back.headers.get('etag'), `"${hash('sha256', content)}"`)
  const range = await api.content(file.id, { range: 'bytes=99990-100009' })
  t.equal(range.status, 206)
  t.ok(range.bytes.equals(content.subarray(99_990, 100_010)), 'across two parts')
})

t.test('what Python’s upload_file_chunked sends becomes a file', async (t) => {
  // Parts one after the other, the ids in order, no md5; its zero-byte file has no parts.
  const content = Buffer.from(line.repeat(1200))
  const upload = await create(content.length, {
    filename: 'batch.jsonl',
    purpose: 'batch',
    mime_type: 'application/jsonl',
  })
  const ids: string[] = []
  for (let at = 0; at < content.length; at += 50_000)
    ids.push(await addPart(upload.id, content.subarray(at, at + 50_000)))
  const answer = await complete(upload.id, ids)
  // One custom_id comes 1,200 times: the parts are validated as one file.
  t.match(answer.error(), { status: 400, code: 'duplicate_custom_id' })
  t.match(await look(upload.id), { status: 'pending', file: null })

  const empty = await create(0, { filename: 'empty.jsonl', purpose: 'batch' })
  t.match((await complete(empty.id, [])).error(), { status: 400, code: 'empty_file' })
})

t.test('a batch in parts is validated as a whole', async (t) => {
  const lines = Array.from({ length: 900 }, (_, n) => line.replace('"1"', `"${n}"`))
  const content = Buffer.from(lines.join(''))
  const batch = { filename: 'b.jsonl', purpose: 'batch', mime_type: 'text/jsonl' }
  const upload = await create(content.length, batch)
  const cut = 70_001
  const parts = [
    await addPart(upload.id, content.subarray(0, cut)),
    await addPart(upload.id, content.subarray(cut)),
  ]
  const wrongOrder = await complete(upload.id, parts.toReversed())
  t.match(wrongOrder.error(), { status: 400, code: 'invalid_json_line' })
  const { file } = (await complete(upload.id, parts)).json<UploadObject>()
  t.equal(file?.expires_at, (file?.created_at ?? 0) + 30 * 86_400, 'as for a form')
  const uploaded = (await readEvents(server.dataDir)).findLast(
    ({ record }) => record.type === 'FileUploaded',
  )
  t.match(uploaded?.private.content, {
    facts: { '@custody/plugin-batch-jsonl': { requests: 900 } },
    extents: [{ bytes: cut }, { bytes: content.length - cut }],
  })
})

t.test('parts come in parallel, small and large, and none is copied', async (t) => {
  const sizes = [1, 64 * KiB, 64 * KiB + 1, 200 * KiB, 5, 1 * MiB]
  const cuts = sizes.map((size, n) => bytesOf(size, n))
  const content = Buffer.concat(cuts)
  const upload = await create(content.length)
  const parts = await Promise.all(cuts.map((cut) => addPart(upload.id, cut)))
  const before = storedBlobs(server.dataDir).sort()
  const { file } = (await complete(upload.id, parts)).json<UploadObject>()
  t.same(storedBlobs(server.dataDir).sort(), before)
  t.ok((await api.content(file?.id ?? '')).bytes.equals(content))
})

t.test('what a client needs to go on is told', async (t) => {
  const upload = await create(300)
  const cuts = [bytesOf(100, 1), bytesOf(200, 2)]
  for (const cut of cuts) await addPart(upload.id, cut)
  const { parts, ...rest } = await look(upload.id)
  t.same(rest, upload)
  t.match(
    parts,
    cuts.map((cut) => ({
      object: 'upload.part',
      upload_id: upload.id,
      bytes: cut.length,
      sha256: hash('sha256', cut),
    })),
  )
  await cancel(upload.id)
  t.match(await look(upload.id), { status: 'cancelled', parts: [] })
})

t.test('a completion that is asked for again is told the same', async (t) => {
  const content = bytesOf(1000)
  const upload = await create(content.length)
  const parts = [await addPart(upload.id, content)]
  const md5 = hash('md5', content)
  const answers = await Promise.all([
    complete(upload.id, parts, { md5 }),
    complete(upload.id, parts, { md5: md5.toUpperCase() }),
    complete(upload.id, parts, { md5: Buffer.from(md5, 'hex').toString('base64') }),
  ])
  answers.push(await complete(upload.id, parts, { md5 }))
  const [first] = answers
  t.equal(first?.status, 200)
  for (const answer of answers) t.same(answer.json(), first?.json())
  for (const other of [
    await complete(upload.id, parts),
    await complete(upload.id, [...parts, ...parts], { md5 }),
    await complete(upload.id, [], { md5 }),
  ])
    t.match(other.error(), { status: 400, code: 'upload_not_pending' })
  const events = await readEvents(server.dataDir)
  const file = first?.json<UploadObject>().file?.id ?? ''
  const uploaded = events.filter(
    ({ record }) => `file-${record.stream.replaceAll('-', '')}` === file,
  )
  t.equal(uploaded.length, 1, 'one file')

  await api.delete(file)
  t.match((await complete(upload.id, parts, { md5 })).json(), {
    status: 'completed',
    file: null,
  })
})

t.test('a part that was sent twice is two parts', async (t) => {
  const [one, two] = [bytesOf(70 * KiB, 1), bytesOf(80 * KiB, 2)]
  const upload = await create(one.length + two.length)
  const lost = await addPart(upload.id, one)
  const parts = [await addPart(upload.id, one), await addPart(upload.id, two)]
  t.not(lost, parts[0])
  const stored = storedBlobs(server.dataDir).length
  const { file } = (await complete(upload.id, parts)).json<UploadObject>()
  t.ok((await api.content(file?.id ?? '')).bytes.equals(Buffer.concat([one, two])))
  await until(
    'the end of what no file has',
    () => storedBlobs(server.dataDir).length === stored - 1,
  )
})

t.test('a completion that is wrong leaves the upload as it is', async (t) => {
  const content = bytesOf(200)
  const upload = await create(content.length)
  const foreign = await addPart((await create(100)).id, bytesOf(100))
  const one = await addPart(upload.id, content.subarray(0, 100))
  const two = await addPart(upload.id, content.subarray(100))
  const never = `part_${'0'.repeat(32)}`
  const refused: readonly [string, Promise<Answer>, object][] = [
    ['a part is missing', complete(upload.id, [one]), { code: 'invalid_part_ids' }],
    ['no part', complete(upload.id, []), { code: 'invalid_part_ids' }],
    ['twice', complete(upload.id, [one, one]), { code: 'invalid_part_ids' }],
    ['unknown', complete(upload.id, [one, never]), { code: 'invalid_part_ids' }],
    ['foreign', complete(upload.id, [one, foreign]), { code: 'invalid_part_ids' }],
    ['no id', complete(upload.id, [one, '../x']), { code: 'invalid_part_ids' }],
    [
      'wrong MD5',
      complete(upload.id, [one, two], { md5: hash('md5', bytesOf(1)) }),
      { code: 'digest_mismatch', param: 'md5' },
    ],
    [
      'no MD5',
      complete(upload.id, [one, two], { md5: 'x' }),
      { code: 'invalid_value', param: 'md5' },
    ],
    [
      'no list',
      post(`/${upload.id}/complete`, {}),
      { code: 'missing_required_parameter', param: 'part_ids' },
    ],
    ['a text', complete(upload.id, one), { code: 'invalid_type', param: 'part_ids' }],
    ['a number', complete(upload.id, [1]), { code: 'invalid_type', param: 'part_ids' }],
    [
      'an unknown member',
      complete(upload.id, [one, two], { sha256: 'x' }),
      { code: 'unknown_parameter', param: 'sha256' },
    ],
  ]
  for (const [what, answer, expected] of refused) {
    const error = (await answer).error()
    t.match(error, { status: 400, param: 'part_ids', ...expected }, what)
    t.match(await look(upload.id), { status: 'pending', file: null }, what)
  }
  const texts = await Promise.all(
    [never, foreign].map(async (id) =>
      (await complete(upload.id, [id])).error().message.replace(id, ''),
    ),
  )
  t.equal(texts[0], texts[1], 'a foreign part is one that never was')
  t.equal((await complete(upload.id, [one, two])).status, 200)
})

t.test('the history of an upload names things as its routes do', async (t) => {
  const project = await server.createProject()
  const { id } = await create(5, { metadata: { team: 'north' } }, project.api)
  const part = (await sendPart(id, 'Hello', project.api)).json<PartObject>().id
  const done = await complete(id, [part], {}, project.api)
  const file = done.json<UploadObject>().file?.id
  const left = await create(1, {}, project.api)
  await cancel(left.id, project.api)
  const { data } = (
    await project.api.call('GET', '/v1/events?types[]=custody.upload.created')
  ).json<{ data: unknown }>()
  t.match(data, [
    {
      subject: id,
      data: {
        bytes: 5,
        purpose: 'user_data',
        personal: { filename: 'a.bin', metadata: { team: 'north' } },
      },
    },
    { subject: left.id },
  ])
  const all = (await project.api.call('GET', '/v1/events?order=asc')).json<{
    data: readonly { type: string; subject: string; data: object }[]
  }>()
  t.match(
    all.data.filter(({ type }) => /upload/.test(type)),
    [
      { type: 'custody.upload.created', subject: id },
      { type: 'custody.upload.part_added', subject: id, data: { part, bytes: 5 } },
      { type: 'custody.file.uploaded', subject: file, data: { source: id } },
      { type: 'custody.upload.completed', subject: id, data: { file, parts: [part] } },
      { type: 'custody.upload.created', subject: left.id },
      { type: 'custody.upload.cancelled', subject: left.id },
    ],
  )
})

t.test('an upload that has ended takes nothing', async (t) => {
  const completed = await create(5)
  const parts = [await addPart(completed.id, 'Hello')]
  await complete(completed.id, parts)
  const cancelled = await create(5)
  const part = await addPart(cancelled.id, 'Hello')
  const first = await cancel(cancelled.id)
  t.match(first.json(), { id: cancelled.id, status: 'cancelled', file: null })
  t.same((await cancel(cancelled.id)).json(), first.json(), 'a second time')

  const ended = { status: 400, code: 'upload_not_pending', param: 'upload_id' }
  t.match((await sendPart(completed.id, 'x')).error(), ended)
  t.match((await cancel(completed.id)).error(), ended)
  t.match((await sendPart(cancelled.id, 'x')).error(), ended)
  t.match((await complete(cancelled.id, [part])).error(), ended)
})

t.test("another project's upload is one that never was, in every route", async (t) => {
  const other = await server.createProject()
  const { id } = await create(5)
  const part = await addPart(id, 'Hello')
  const never = `upload_${'0'.repeat(32)}`
  const calls: Readonly<Record<string, (upload: string) => Promise<Answer>>> = {
    parts: (upload) => sendPart(upload, 'x', other.api),
    complete: (upload) => complete(upload, [part], {}, other.api),
    cancel: (upload) => cancel(upload, other.api),
    get: (upload) => other.api.call('GET', `/v1/uploads/${upload}`),
  }
  for (const [route, call] of Object.entries(calls)) {
    for (const upload of [id, never, 'upload_x']) {
      t.match(
        (await call(upload)).error(),
        {
          status: 404,
          message: `No such Upload object: ${upload}`,
          type: 'invalid_request_error',
          param: 'upload_id',
          code: null,
        },
        route,
      )
    }
  }
  const own = await create(5, {}, other.api)
  const mine = await complete(own.id, [part], {}, other.api)
  t.match(mine.error(), { status: 400, code: 'invalid_part_ids' })
  t.equal((await complete(id, [part])).status, 200, 'nothing happened to it')
})

t.test('what a form would be refused with is told when it is declared', async (t) => {
  const project = await server.createProject({ limits: { quota_bytes: 10 * MiB } })
  const large = { filename: 'a.jsonl', purpose: 'batch' }
  const cases: readonly [object, object][] = [
    [declare(200 * MiB + 1, large), { status: 413, code: 'file_too_large' }],
    [declare(8192 * MiB + 1), { status: 413, code: 'file_too_large', param: 'bytes' }],
    [
      declare(1, { ...large, filename: 'a.txt' }),
      { code: 'invalid_extension', param: 'filename' },
    ],
    [declare(1, { purpose: 'x' }), { code: null, param: 'purpose' }],
    [declare(1, { filename: 'a\u0000b' }), { code: 'invalid_file_name' }],
    [declare(-1), { code: 'integer_below_min_value', param: 'bytes' }],
    [declare(1.5), { code: 'invalid_type', param: 'bytes' }],
    [declare(1, { bytes: '1' }), { code: 'invalid_type', param: 'bytes' }],
    [declare(1, { mime_type: null }), { code: 'missing_required_parameter' }],
    [declare(1, { sha256: 'a' }), { code: 'unknown_parameter', param: 'sha256' }],
    [declare(1, { more: 1 }), { code: 'unknown_parameter', param: 'more' }],
    [
      declare(1, { expires_after: { anchor: 'created_at', seconds: 1 } }),
      { code: 'integer_below_min_value', param: 'expires_after.seconds' },
    ],
    [declare(1, { metadata: { a: 1 } }), { code: 'invalid_type', param: 'metadata' }],
  ]
  for (const [body, expected] of cases) {
    t.match((await post('', body)).error(), { status: 400, ...expected })
  }
  t.match((await post('', declare(10 * MiB + 1), project.api)).error(), {
    status: 507,
    code: 'storage_quota_exceeded',
  })
  t.equal((await create(8192 * MiB)).bytes, 8192 * MiB, 'the bound is inclusive')
})

t.test('the examples of the specification work as they stand', async (t) => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = Buffer.from(JSON.stringify(declare(4, { metadata: { team: 'north' } })))
  const made = await api.call('POST', '/v1/uploads', { headers, body })
  const { id } = made.json<UploadObject>()
  const text = await post(`/${id}/parts`, multipart([{ name: 'data', content: 'aHR0' }]))
  t.equal(text.status, 200)
  const part_ids = [text.json<PartObject>().id]
  const done = await api.call('POST', `/v1/uploads/${id}/complete`, {
    headers,
    body: Buffer.from(JSON.stringify({ part_ids })),
  })
  const { file } = done.json<UploadObject>()
  t.same(file?.metadata, { team: 'north' })
  t.equal((await api.content(file?.id ?? '')).text, 'aHR0', 'the text as it was sent')
})

t.test('a text part has at most 1 MiB, a file part 64 MiB, both inclusive', async (t) => {
  const { id } = await create(64 * MiB)
  const form = (content: string | Buffer) => multipart([{ name: 'data', content }])
  t.equal((await post(`/${id}/parts`, form('é'.repeat(MiB / 2)))).status, 200)
  t.match((await post(`/${id}/parts`, form('a'.repeat(MiB + 1)))).error(), {
    status: 400,
    code: 'form_too_large',
  })
  t.match((await post(`/${id}/parts`, form(Buffer.from([0xff, 0xfe])))).error(), {
    status: 400,
    param: 'data',
  })
  const whole = Buffer.alloc(64 * MiB + 1, 'custody')
  const tooLarge = { status: 413, code: 'file_too_large', param: 'data' }
  t.match((await sendPart(id, whole)).error(), tooLarge)
  const declared = Buffer.alloc(65 * MiB, 'custody')
  t.match((await sendPart(id, declared)).error(), tooLarge, 'by its length alone')
  const part = await addPart(id, whole.subarray(1))
  t.equal((await complete(id, [part])).status, 200)
})

t.test('a cancellation has no body, whatever its client says of that', async (t) => {
  const clients = {
    'Python’s SDK': ['Content-Type: application/json', 'Content-Length: 0'],
    'Node’s SDK': ['Content-Length: 0'],
    curl: [],
  }
  for (const [who, headers] of Object.entries(clients)) {
    const { id } = await create(1)
    const connection = await RawConnection.open(server.address)
    connection.send(
      requestHead(
        `POST /v1/uploads/${id}/cancel`,
        `Authorization: Bearer ${server.apiKey}`,
        ...headers,
      ),
    )
    t.match((await connection.answer()).json(), { id, status: 'cancelled' }, who)
    connection.vanish()
  }
})

t.test('the form of a part is one field', async (t) => {
  const { id } = await create(5)
  const data = { name: 'data', filename: 'a', content: 'Hello' }
  const cases: readonly [Parameters<typeof multipart>[0], object][] = [
    [[], { code: 'missing_required_parameter', param: 'data' }],
    [[{ ...data, content: '' }], { code: 'empty_file', param: 'data' }],
    [[data, data], { code: 'duplicate_parameter', param: 'data' }],
    [[data, { name: 'x', content: '1' }], { code: 'unknown_parameter', param: 'x' }],
    [[{ ...data, name: 'file' }], { code: 'unknown_parameter', param: 'file' }],
  ]
  for (const [form, expected] of cases) {
    const answer = await post(`/${id}/parts`, multipart(form))
    t.match(answer.error(), { status: 400, ...expected })
  }
  t.same((await look(id)).parts, [])
  const body = multipart([data])
  const send = (digest: Buffer) =>
    api.call('POST', `/v1/uploads/${id}/parts`, {
      headers: { 'content-digest': `sha-256=:${digest.toString('base64')}:` },
      body,
    })
  t.match((await send(Buffer.alloc(32))).error(), {
    status: 400,
    code: 'digest_mismatch',
    param: 'Content-Digest',
  })
  t.same((await look(id)).parts, [], 'nothing is stored of it')
  t.equal((await send(createHash('sha256').update(body.body).digest())).status, 200)
  t.equal((await look(id)).parts?.length, 1)
})

t.test('a method that a route does not take is told which it takes', async (t) => {
  const { id } = await create(5)
  for (const [method, path, allow] of [
    ['GET', '/v1/uploads', 'POST'],
    ['DELETE', `/v1/uploads/${id}`, 'GET, HEAD'],
    ['GET', `/v1/uploads/${id}/parts`, 'POST'],
  ] as const) {
    const answer = await api.call(method, path)
    t.equal(answer.status, 405)
    t.equal(answer.headers.get('allow'), allow)
  }
  t.equal((await api.call('GET', '/v1/uploads/')).status, 404)
})

t.test('keys need the scopes of files', async (t) => {
  const reader = await server.createProject({ scopes: ['api.files.read'] })
  t.equal((await post('', declare(1), reader.api)).status, 403)
  t.equal((await sendPart(`upload_${'0'.repeat(32)}`, 'x', reader.api)).status, 403)
  const writer = await server.createProject({ scopes: ['api.files.write'] })
  const { id } = await create(1, {}, writer.api)
  t.equal((await writer.api.call('GET', `/v1/uploads/${id}`)).status, 403)
})

t.test('pending parts are reserved in the quota, and given back', async (t) => {
  const project = await server.createProject({ limits: { quota_bytes: 100 * KiB } })
  const usage = async () =>
    (await project.api.call('GET', '/v1/usage')).json<{
      bytes: number
      reserved_bytes: number
    }>()
  const { id } = await create(100 * KiB, {}, project.api)
  const one = await sendPart(id, bytesOf(70 * KiB), project.api)
  t.match(await usage(), { bytes: 0, reserved_bytes: 70 * KiB })
  const form = { purpose: 'user_data', filename: 'a', content: bytesOf(31 * KiB) }
  t.equal((await project.api.upload(form)).status, 507)
  t.equal((await sendPart(id, bytesOf(31 * KiB), project.api)).status, 507)
  const two = await sendPart(id, bytesOf(30 * KiB), project.api)
  const parts = [one, two].map((answer) => answer.json<PartObject>().id)
  t.equal((await complete(id, parts, {}, project.api)).status, 200)
  t.match(await usage(), { bytes: 100 * KiB, reserved_bytes: 0 })
})

t.test('the SDK sees refusals as its own errors', async (t) => {
  const missing = `upload_${'0'.repeat(32)}`
  const refused = await refusalOf(client.uploads.cancel(missing))
  t.match(refused, { status: 404, param: 'upload_id', code: null })
  const { id } = await create(1)
  t.match(await client.uploads.cancel(id), { id, status: 'cancelled' })
})

const dialects: Readonly<Record<string, [RegExp, object]>> = {
  openai: [/^upload_[0-9a-f]{32}$/, {}],
  gravix: [/^upload_/, { message: 'file uploaded', file_name: 'a.pdf', size_bytes: 5 }],
  'fastapi-ai': [/^upload_/, {}],
  gateflow: [/^upload_/, { gateflow: { processing: false, classification: 'phi' } }],
  platform: [/^[0-9a-f]{8}-[0-9a-f-]{27}$/, {}],
  melious: [/^upload_/, {}],
}

for (const [dialect, [id, shown]] of Object.entries(dialects)) {
  t.test(`${dialect} has uploads with its own ids and its own File object`, async (t) => {
    const project = await server.createProject({ dialect })
    const isGateflow = dialect === 'gateflow'
    const upload = await create(
      5,
      {
        filename: isGateflow ? 'a.txt' : 'a.pdf',
        purpose: 'assistants',
        ...(isGateflow && { gateflow: { process: true, classification: 'phi' } }),
        ...(dialect === 'gravix' && { expires_after: 60 }),
      },
      project.api,
    )
    t.match(upload.id, id)
    const sent = await sendPart(upload.id, 'Hello', project.api)
    const part = sent.json<PartObject>()
    t.equal(part.upload_id, upload.id)
    const done = await complete(upload.id, [part.id], {}, project.api)
    const { file } = done.json<UploadObject>()
    t.match(file, shown)
    t.equal((await project.api.content(file?.id ?? '')).text, 'Hello')
    const over = await post('', declare(2 ** 50, { filename: 'a.txt' }), project.api)
    t.equal(over.status, dialect === 'melious' || isGateflow ? 400 : 413)
  })
}

for (const share of [0.3, 0.95]) {
  t.test(`a client that vanishes after ${share * 100} % of a part`, async (t) => {
    const { id } = await create(3 * MiB)
    // What earlier tests left is destroyed meanwhile.
    const added = async () =>
      (await readEvents(server.dataDir)).filter(
        ({ record }) => record.type === 'UploadPartAdded',
      ).length
    const events = await added()
    const blobs = new Set(storedBlobs(server.dataDir))
    const content = bytesOf(3 * MiB)
    const { contentType, body } = multipart([{ name: 'data', filename: 'a', content }])
    const connection = await RawConnection.open(server.address)
    connection.send(
      requestHead(
        `POST /v1/uploads/${id}/parts`,
        `Authorization: Bearer ${server.apiKey}`,
        `Content-Type: ${contentType}`,
        `Content-Length: ${body.length}`,
      ),
      body.subarray(0, Math.floor(body.length * share)),
    )
    await until('staging', () => stagedFiles(server.dataDir).length > 0)
    connection.vanish()
    await until('the end of staging', () => stagedFiles(server.dataDir).length === 0)
    t.equal(await added(), events, 'no event')
    t.same(
      storedBlobs(server.dataDir).filter((blob) => !blobs.has(blob)),
      [],
      'no blob',
    )
    t.same((await look(id)).parts, [])
  })
}

t.test('parts survive a restart, and in the end nothing is left over', async (t) => {
  const dataDir = t.testdir()
  const first = await startServer(t, { dataDir })
  const content = bytesOf(150 * KiB)
  const upload = await create(content.length, {}, first.api)
  const one = await sendPart(upload.id, content.subarray(0, 100 * KiB), first.api)
  const unused = await sendPart(upload.id, content.subarray(0, 90 * KiB), first.api)
  t.equal(unused.status, 200)
  await first.stop()
  const second = await startServer(t, { dataDir })
  const pending = await second.custody('audit', 'verify', '--blobs')
  t.equal(pending.code, 0, pending.stdout)
  const two = await sendPart(upload.id, content.subarray(100 * KiB), second.api)
  const parts = [one, two].map((answer) => answer.json<PartObject>().id)
  const done = await complete(upload.id, parts, {}, second.api)
  const { file } = done.json<UploadObject>()
  t.ok((await second.api.content(file?.id ?? '')).bytes.equals(content))
  await until('the end of what no file has', () => storedBlobs(dataDir).length === 1)
  const replay = await second.custody('audit', 'replay')
  t.equal(replay.code, 0, replay.stdout)
  const verify = await second.custody('audit', 'verify', '--blobs')
  t.equal(verify.code, 0, verify.stdout)
  await second.stop()
  t.match(await sweepDataFolder(dataDir), { orphans: [], missing: [] })
})

t.test('nothing of all that was logged as an error', async (t) => {
  const errors = server.logs
    .map((entry) => JSON.parse(entry))
    .filter(({ level, code }) => level >= 50 && code !== 'storage_quota_exceeded')
  t.same(errors, [])
  const { code, stdout } = await server.custody('audit', 'replay')
  t.equal(code, 0, stdout)
})
