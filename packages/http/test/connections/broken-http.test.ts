import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { chunk, uploadHead } from '../support/forms.ts'
import { startServer } from '../support/start-server.ts'

const broken = {
  'no HTTP at all': ['hello\r\n\r\n', 400, 'bad_request'],
  'a head over 16 KiB': [
    `GET /healthz HTTP/1.1\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
    431,
    'headers_too_large',
  ],
  'a length and chunks': [
    'POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
    'bad_request',
  ],
  'a length that is no number': [
    'POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n',
    400,
    'bad_request',
  ],
  'no Host': ['GET /healthz HTTP/1.1\r\n\r\n', 400, 'bad_request'],
  'two Hosts': [
    'GET /healthz HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n',
    400,
    'bad_request',
  ],
  'a tunnel': [
    'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\nbytes for the other end',
    404,
    'unknown_url',
  ],
} as const

for (const [what, [bytes, status, code]] of Object.entries(broken)) {
  t.test(
    `${what} is answered with the envelope and the end of the connection`,
    async (t) => {
      const { url } = await startServer(t, { options: { drainMs: 20 } })
      const client = await RawConnection.open(url)
      const answer = await client.send(bytes).answer()
      t.equal(answer.status, status)
      t.match(answer.error(), { code, type: 'invalid_request_error', param: null })
      t.match(answer.headers.get('x-request-id'), /^req_[0-9a-f]{32}$/)
      t.ok(answer.headers.has('openai-processing-ms'))
      t.equal(answer.headers.get('connection'), 'close')
      await client.closed()
    },
  )
}

t.test('HTTP/1.0 needs no Host', async (t) => {
  const { url } = await startServer(t)
  const client = await RawConnection.open(url)
  t.equal((await client.send('GET /healthz HTTP/1.0\r\n\r\n').answer()).status, 200)
  client.destroy()
})

t.test('a head that does not come is answered with 408', async (t) => {
  const { url } = await startServer(t, {
    options: { headersTimeoutMs: 100, checkEveryMs: 20, drainMs: 20 },
  })
  const client = await RawConnection.open(url)
  const answer = await client.send('GET /healthz HTTP/1.1\r\nX-Slow: ').answer()
  t.equal(answer.status, 408)
  t.equal(answer.error().code, 'request_timeout')
  await client.closed()
})

t.test('a broken chunk in a body is answered, and leaves nothing', async (t) => {
  const server = await startServer(t, { options: { drainMs: 20 } })
  const client = await RawConnection.open(server.url)
  client.send(
    uploadHead(server, undefined),
    chunk(Buffer.from('--x')),
    'not a chunk size\r\n',
  )
  const answer = await client.answer()
  t.equal(answer.status, 400)
  t.equal(answer.error().code, 'bad_request')
  await client.closed()
  while (server.files.openSessions > 0) await new Promise(setImmediate)
  t.same(await server.leftovers(), [])
})

t.test('a whole request is answered although garbage follows it', async (t) => {
  const { url } = await startServer(t)
  const client = await RawConnection.open(url)
  client.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\ngarbage garbage\r\n\r\n')
  t.equal((await client.answer()).status, 200)
  await client.closed()
})

t.test(
  'a tunnel that is asked for behind a request has that answered first',
  async (t) => {
    const gate = Promise.withResolvers<void>()
    const { url, key } = await startServer(t, {
      options: { drainMs: 20 },
      parts: ({ authenticate }) => ({
        async authenticate(token) {
          await gate.promise
          return await authenticate(token)
        },
      }),
    })
    const client = await RawConnection.open(url)
    client.send(
      `GET /v1/files/file-1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`,
      'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n',
    )
    setTimeout(gate.resolve, 20)
    t.equal((await client.answer()).error().message, 'No such File object: file-1')
    t.equal((await client.answer()).error().code, 'unknown_url')
    await client.closed()
  },
)

t.test('a client that asks for a tunnel and breaks off does no harm', async (t) => {
  const { url } = await startServer(t, { options: { drainMs: 20 } })
  const client = await RawConnection.open(url)
  client.send('CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n')
  client.socket.resetAndDestroy()
  await client.closed()
  t.equal((await fetch(`${url}/healthz`)).status, 200)
})
