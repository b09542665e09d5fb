import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { boundary, file, form, purpose, uploadHead } from '../support/forms.ts'
import { readError } from '../support/read-error.ts'
import { startServer } from '../support/start-server.ts'

const MiB = 2 ** 20
const limits = { max_file_bytes: MiB }
const type = { 'content-type': `multipart/form-data; boundary=${boundary}` }

t.test('a client that sends 40 MiB sees why it is refused, whatever for', async (t) => {
  const { fetch, leftovers } = await startServer(t, { limits })
  const body = form([purpose, { ...file, content: Buffer.alloc(40 * MiB, 'x') }])
  const unknown = form([
    { name: 'color', content: 'red' },
    { ...file, content: Buffer.alloc(40 * MiB, 'x') },
  ])
  const send = async (bytes: Buffer, headers = {}, chunked = false) =>
    await readError(
      await fetch('/v1/files', {
        method: 'POST',
        headers: { ...type, ...headers },
        body: chunked ? ReadableStream.from([bytes]) : bytes,
        ...(chunked ? { duplex: 'half' } : {}),
      }),
    )
  t.match(await send(body), { status: 413, code: 'file_too_large', param: 'file' })
  t.match(await send(body, {}, true), { status: 413, code: 'file_too_large' })
  t.match(await send(body, { authorization: 'Bearer nope' }), { status: 401 })
  t.match(await send(body, { 'content-type': 'text/plain' }, true), { status: 415 })
  t.match(await send(unknown, {}, true), { status: 400, code: 'unknown_parameter' })
  t.same(await leftovers(), [])
})

t.test(
  'the answer comes before the body has, whole and with the connection kept',
  async (t) => {
    const server = await startServer(t, { limits })
    const client = await RawConnection.open(server.url)
    client.send(uploadHead(server, 40 * MiB), Buffer.alloc(100_000, 'x'))
    const refusal = await client.answer()
    t.equal(refusal.status, 413)
    t.not(refusal.headers.get('connection'), 'close')
    t.equal(refusal.error().code, 'file_too_large')

    const small = form([purpose, file])
    client.send(
      Buffer.alloc(40 * MiB - 100_000, 'x'),
      uploadHead(server, small.length),
      small,
    )
    t.equal((await client.answer()).status, 200)
    client.destroy()
  },
)

t.test('a refused body is read up to its bound of bytes, then cut', async (t) => {
  const options = { drainMaxBytes: 256 * 1024 }
  const server = await startServer(t, { limits, options })
  const client = await RawConnection.open(server.url)
  client.send(uploadHead(server, 200 * MiB))
  t.equal((await client.answer()).status, 413)
  client.send(Buffer.alloc(4 * MiB))
  await client.closed()
  t.ok(client.isClosed)
})

t.test('a refused body is read up to its bound of time, then cut', async (t) => {
  const server = await startServer(t, { limits, options: { drainMs: 50 } })
  const client = await RawConnection.open(server.url)
  client.send(uploadHead(server, 200 * MiB))
  t.equal((await client.answer()).status, 413)
  await client.closed()
  t.ok(client.isClosed)
})
