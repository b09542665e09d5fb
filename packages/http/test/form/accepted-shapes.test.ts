import t from 'tap'
import { boundary, file, form, type Part, purpose, upload } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { readJson } from '../support/read-json.ts'
import { startServer } from '../support/start-server.ts'

const shapes: Readonly<Record<string, readonly Part[]>> = {
  'a file part without a Content-Type (curl with stdin)': [
    purpose,
    { name: 'file', content: 'x', filename: 'a.txt' },
  ],
  'an empty Content-Type (ruby)': [purpose, { ...file, type: '' }],
  'Content-Length and a binary transfer encoding in the part (ruby)': [
    { ...file, headers: ['Content-Length: 8', 'Content-Transfer-Encoding: binary'] },
    purpose,
  ],
  'typed text fields (undici)': [{ ...purpose, type: 'text/plain;charset=utf-8' }, file],
  'a type with parameters': [purpose, { ...file, type: 'text/plain; charset=utf-8' }],
}

for (const [shape, parts] of Object.entries(shapes)) {
  t.test(`a form with ${shape} is taken`, async (t) => {
    const { fetch } = await startServer(t)
    const response = await fetch('/v1/files', upload(parts))
    t.equal(response.status, 200)
    t.equal((await readJson(response)).purpose, 'user_data')
  })
}

for (const contentType of [
  `multipart/form-data; boundary="${boundary}"`,
  `multipart/form-data;boundary=${boundary}`,
  `Multipart/Form-Data; charset=utf-8; boundary=${boundary}`,
]) {
  t.test(`the content type ${contentType} is understood`, async (t) => {
    const { fetch } = await startServer(t)
    const init = upload([purpose, file], { headers: { 'content-type': contentType } })
    t.equal((await fetch('/v1/files', init)).status, 200)
  })
}

t.test('preamble and epilogue are passed over', async (t) => {
  const { fetch } = await startServer(t)
  const init = upload([purpose, file])
  const body = Buffer.concat([
    Buffer.from('hello\r\n'),
    form([purpose, file]),
    Buffer.from('goodbye'),
  ])
  t.equal((await fetch('/v1/files', { ...init, body })).status, 200)
})

const refused = {
  'application/json': ['unsupported_media_type', 415],
  'application/x-www-form-urlencoded': ['unsupported_media_type', 415],
  'multipart/mixed; boundary=x': ['unsupported_media_type', 415],
  'multipart/form-data': ['invalid_multipart', 400],
  'multipart/form-data; boundary=': ['invalid_multipart', 400],
} as const

for (const [contentType, [code, status]] of Object.entries(refused)) {
  t.test(`the content type ${contentType} is refused with a hint`, async (t) => {
    const { fetch } = await startServer(t)
    const init = upload([purpose, file], { headers: { 'content-type': contentType } })
    const refusal = await readError(await fetch('/v1/files', init))
    t.match(refusal, { status, code, message: /multipart/ })
  })
}

t.test('a form with another boundary than the header says is refused', async (t) => {
  const { fetch } = await startServer(t)
  const init = upload([purpose, file])
  const refusal = await readError(
    await fetch('/v1/files', { ...init, body: form([purpose, file], 'other') }),
  )
  t.match(refusal, { status: 400, code: 'invalid_multipart' })
})

for (const [what, odd] of Object.entries({
  'content that holds a line with the boundary at its start': `a\r\n--${boundary}x\r\nb`,
  'content that holds a line with the boundary and a blank': `a\r\n--${boundary} \r\nb`,
  'content that holds a line with the boundary and a dash': `a\r\n--${boundary}-\r\nb`,
})) {
  for (const bytes of [0, 100_000]) {
    t.test(`${what} is not cut short, but refused (${bytes} bytes before)`, async (t) => {
      const { fetch, leftovers } = await startServer(t)
      const content = 'x'.repeat(bytes) + odd
      const refusal = await readError(
        await fetch('/v1/files', upload([purpose, { ...file, content }])),
      )
      t.match(refusal, { status: 400, code: 'invalid_multipart', message: /boundary/ })
      t.same(await leftovers(), [])
    })
  }
}

for (const [what, head] of Object.entries({
  'no Content-Disposition': 'Content-Type: text/plain',
  'another Content-Disposition than form-data':
    'Content-Disposition: attachment; name="a"',
  'a Content-Disposition that does not parse':
    'Content-Disposition: form-data; name = "expires_after"',
})) {
  t.test(`a part with ${what} is not passed over, but refused`, async (t) => {
    const { fetch, leftovers } = await startServer(t)
    const init = upload([purpose, file])
    const odd = Buffer.from(`--${boundary}\r\n${head}\r\n\r\n3600\r\n`)
    const body = Buffer.concat([odd, form([purpose, file])])
    const refusal = await readError(await fetch('/v1/files', { ...init, body }))
    t.match(refusal, { status: 400, code: 'invalid_multipart' })
    t.match(refusal.message, /a part has no Content-Disposition/)
    t.same(await leftovers(), [])
  })
}

t.test('a form with no parts at all is a clean refusal', async (t) => {
  const { fetch } = await startServer(t)
  const refusal = await readError(await fetch('/v1/files', upload([])))
  t.match(refusal, { status: 400, code: 'missing_required_parameter', param: 'file' })
})

t.test('a body with a content coding is refused', async (t) => {
  const { fetch } = await startServer(t)
  const init = upload([purpose, file], { headers: { 'content-encoding': 'gzip' } })
  t.match(await readError(await fetch('/v1/files', init)), {
    status: 415,
    code: 'unsupported_media_type',
  })
  const identity = upload([purpose, file], {
    headers: { 'content-encoding': 'identity' },
  })
  t.equal((await fetch('/v1/files', identity)).status, 200)
})

t.test(
  'files of all sizes around the bounds of the two parsers arrive whole',
  async (t) => {
    const { fetch } = await startServer(t)
    const KiB = 1024
    for (const size of [
      1,
      64 * KiB - 1,
      64 * KiB,
      64 * KiB + 1,
      70 * KiB,
      72 * KiB,
      3 * KiB * KiB,
    ]) {
      const content = Buffer.alloc(size, 'abcdefghijklmnopqrstuvwxyz\r\n--')
      const response = await fetch('/v1/files', upload([purpose, { ...file, content }]))
      const { id, bytes } = await readJson(response)
      t.equal(bytes, size)
      const download = await fetch(`/v1/files/${id}/content`)
      t.ok(content.equals(Buffer.from(await download.arrayBuffer())))
    }
  },
)
