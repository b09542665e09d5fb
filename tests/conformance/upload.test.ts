import { createHash } from 'node:crypto'
import { clientForms, multipart, startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)
const { api } = server

const line =
  '{"custom_id":"1","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}\n'
const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }

t.test('upload: 200 and the File object, its fields in order', async (t) => {
  const before = Math.floor(Date.now() / 1000)
  const answer = await api.upload(upload)
  const after = Math.floor(Date.now() / 1000)
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('content-type'), 'application/json')
  const file = answer.json()
  t.same(Object.keys(file), [
    'id',
    'object',
    'bytes',
    'created_at',
    'filename',
    'purpose',
    'status',
    'status_details',
  ])
  t.match(file, {
    id: /^file-[0-9a-f]{32}$/,
    object: 'file',
    bytes: 5,
    filename: 'a.txt',
    purpose: 'user_data',
    status: 'processed',
    status_details: null,
  })
  t.ok(file.created_at >= before && file.created_at <= after, 'created now, in seconds')
})

t.test('upload: expires_at and metadata are there when they were given', async (t) => {
  const answer = await api.upload({
    ...upload,
    fields: [
      ['expires_after[anchor]', 'created_at'],
      ['expires_after[seconds]', '3600'],
      ['metadata[team]', 'a'],
    ],
  })
  t.same(Object.keys(answer.json()), [
    'id',
    'object',
    'bytes',
    'created_at',
    'expires_at',
    'filename',
    'purpose',
    'status',
    'status_details',
    'metadata',
  ])
})

t.test('upload: what it answers is what GET and the list answer', async (t) => {
  const file = (await api.upload({ ...upload, fields: [['metadata[k]', 'v']] })).json()
  t.same((await api.get(file.id)).json(), file)
  t.same((await api.list('limit=1')).data, [file])
})

for (const [client, write] of Object.entries(clientForms)) {
  t.test(`field order: any — the form of ${client}`, async (t) => {
    const form = write({
      purpose: 'batch',
      filename: 'Grüße "数据".jsonl',
      content: line,
      fields: [
        ['expires_after[anchor]', 'created_at'],
        ['expires_after[seconds]', '86400'],
      ],
    })
    const answer = await api.upload(form)
    const file = answer.json()
    t.match(file, {
      bytes: Buffer.byteLength(line),
      purpose: 'batch',
      filename: 'Grüße "数据".jsonl'.normalize('NFC'),
      expires_at: file.created_at + 86_400,
    })
    t.equal((await api.content(file.id)).text, line)
  })
}

for (const bytes of [1, 65_535, 65_536, 65_537, 300_000]) {
  for (const client of ['openai-python', 'openai-node with a stream'] as const) {
    t.test(`field order: any — ${bytes} bytes in the form of ${client}`, async (t) => {
      const content = Buffer.alloc(bytes, 'custody')
      const form = clientForms[client]({ ...upload, content })
      const file = (await api.upload(form)).json()
      t.equal(file.bytes, bytes)
      t.ok((await api.content(file.id)).bytes.equals(content), 'the same bytes')
    })
  }
}

t.test('unknown field: 400 unknown_parameter, param names it', async (t) => {
  for (const name of ['priority', 'metadata[a][b]', '__proto__', 'expires_after[x]']) {
    const answer = await api.upload({ ...upload, fields: [[name, 'x']] })
    t.match(
      answer.error(),
      { status: 400, code: 'unknown_parameter', param: name },
      `the field ${name}`,
    )
  }
})

t.test(
  'second file, repeated field: 400 duplicate_parameter, param names it',
  async (t) => {
    const file = { name: 'file', content: 'x', filename: 'a.txt' }
    const purpose = { name: 'purpose', content: 'user_data' }
    t.match((await api.upload([purpose, file, file])).error(), {
      status: 400,
      code: 'duplicate_parameter',
      param: 'file',
    })
    t.match((await api.upload([purpose, purpose, file])).error(), {
      status: 400,
      code: 'duplicate_parameter',
      param: 'purpose',
    })
  },
)

t.test('field count, name and value sizes are bounded', async (t) => {
  const many = Array.from({ length: 200 }, (_, n) => [`metadata[${n}]`, 'x'] as const)
  t.equal((await api.upload({ ...upload, fields: many })).error().code, 'form_too_large')
  const long = [['n'.repeat(500), 'x']] as const
  t.equal((await api.upload({ ...upload, fields: long })).error().code, 'form_too_large')
  const large = [['metadata', 'x'.repeat(70_000)]] as const
  t.equal((await api.upload({ ...upload, fields: large })).error().code, 'form_too_large')
})

t.test('no file, no purpose: 400 missing_required_parameter', async (t) => {
  const file = { name: 'file', content: 'x', filename: 'a.txt' }
  const purpose = { name: 'purpose', content: 'user_data' }
  const missing = (name: string) => ({
    status: 400,
    type: 'invalid_request_error',
    code: 'missing_required_parameter',
    param: name,
    message: `Missing required parameter: '${name}'.`,
  })
  t.match((await api.upload([purpose])).error(), missing('file'))
  t.match((await api.upload([file])).error(), missing('purpose'))
  t.match((await api.upload([])).error(), missing('file'), 'a form without parts')
})

t.test('empty file: 400 empty_file', async (t) => {
  const answer = await api.upload({ ...upload, content: '' })
  t.match(answer.error(), { status: 400, code: 'empty_file', param: 'file' })
})

t.test('encodings: a request with a content coding is 415', async (t) => {
  const form = clientForms.curl(upload)
  const answer = await api.upload(form, { headers: { 'content-encoding': 'gzip' } })
  t.match(answer.error(), { status: 415, code: 'unsupported_media_type' })
  const plain = await api.upload(form, { headers: { 'content-encoding': 'identity' } })
  t.equal(plain.status, 200)
})

t.test('encodings: a base64 or quoted-printable part is 400', async (t) => {
  for (const encoding of ['base64', 'quoted-printable']) {
    const answer = await api.upload([
      { name: 'purpose', content: 'user_data' },
      {
        name: 'file',
        content: 'SGVsbG8=',
        filename: 'a.txt',
        headers: [`Content-Transfer-Encoding: ${encoding}`],
      },
    ])
    t.match(answer.error(), { status: 400, code: 'unsupported_transfer_encoding' })
  }
})

t.test('a body that is not a form is refused with what is expected', async (t) => {
  const answer = await api.call('POST', '/v1/files', { body: { purpose: 'batch' } })
  t.match(answer.error(), { status: 415, message: /multipart\/form-data/ })
  const { body } = clientForms.curl(upload)
  const noBoundary = await api.upload({ contentType: 'multipart/form-data', body })
  t.match(noBoundary.error(), { status: 400, code: 'invalid_multipart' })
})

t.test('a form that was cut short is 400, and nothing of it is kept', async (t) => {
  const { api } = await server.createProject()
  for (const bytes of [10, 100_000]) {
    const form = multipart([
      { name: 'purpose', content: 'user_data' },
      { name: 'file', content: Buffer.alloc(bytes, 'x'), filename: 'a.txt' },
    ])
    const body = form.body.subarray(0, -20)
    t.match((await api.upload({ ...form, body })).error(), {
      status: 400,
      code: 'invalid_multipart',
    })
  }
  t.same((await api.list()).data, [])
})

t.test(
  'client digest: Content-Digest covers the whole body of the request',
  async (t) => {
    const form = clientForms.curl(upload)
    const digest = createHash('sha256').update(form.body).digest('base64')
    const good = { 'content-digest': `sha-256=:${digest}:` }
    t.equal((await api.upload(form, { headers: good })).status, 200)
    const other = createHash('sha256').update('other').digest('base64')
    const wrong = { 'content-digest': `sha-256=:${other}:` }
    t.match((await api.upload(form, { headers: wrong })).error(), {
      status: 400,
      code: 'digest_mismatch',
    })
  },
)

t.test('client digest: the field sha256 covers the file', async (t) => {
  const { api } = await server.createProject()
  const large = Buffer.alloc(200_000, 'custody')
  for (const content of [Buffer.from('Hello'), large]) {
    const sha256 = createHash('sha256').update(content).digest('hex')
    const good = await api.upload({ ...upload, content, fields: [['sha256', sha256]] })
    t.equal(good.status, 200)
    const wrong = sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    const bad = await api.upload({ ...upload, content, fields: [['sha256', wrong]] })
    t.match(bad.error(), { status: 400, code: 'digest_mismatch', param: 'sha256' })
  }
  const malformed = await api.upload({ ...upload, fields: [['sha256', 'nope']] })
  t.match(malformed.error(), { status: 400, param: 'sha256' })
  t.equal((await api.list()).data.length, 2, 'what was refused is not there')
})

t.test('declared content type: never trusted', async (t) => {
  const answer = await api.upload([
    { name: 'purpose', content: 'batch' },
    { name: 'file', content: line, filename: 'a.jsonl', type: 'image/png' },
  ])
  t.equal(answer.status, 200)
})
