import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { boundary, chunk, file, form, purpose, uploadHead } from '../support/forms.ts'
import { startServer, type TestServer } from '../support/start-server.ts'

const small = form([purpose, file])
const large = form([purpose, { ...file, content: Buffer.alloc(1_000_000, 'x') }])

async function begun(server: TestServer): Promise<void> {
  while (server.files.openSessions === 0) await sleep(1)
}

async function ended(server: TestServer): Promise<void> {
  while (server.files.openSessions > 0) await sleep(1)
}

for (const [what, [length, sent]] of Object.entries({
  'inside a small body': [small.length, small.subarray(0, -20)],
  'before a small body': [small.length, small.subarray(0, 0)],
  'inside the file of a large body': [large.length, large.subarray(0, 500_000)],
  'inside a part head': [large.length, large.subarray(0, 60)],
  'inside a chunked body': [undefined, chunk(large.subarray(0, 500_000))],
} as const)) {
  t.test(
    `a client that vanishes ${what} leaves nothing, and the process lives`,
    async (t) => {
      const server = await startServer(t)
      const client = await RawConnection.open(server.url)
      client.send(uploadHead(server, length), sent)
      await begun(server)
      await sleep(10)
      client.destroy()
      await ended(server)
      t.same(await server.leftovers(), [])
      t.same(server.errors, [])
      t.equal((await server.fetch('/healthz')).status, 200)
    },
  )
}

t.test('a client that vanishes while its key is looked up leaves nothing', async (t) => {
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  const server = await startServer(t, {
    parts: ({ authenticate }) => ({
      async authenticate(token) {
        asked.resolve()
        await gate.promise
        return await authenticate(token)
      },
    }),
  })
  const client = await RawConnection.open(server.url)
  client.send(uploadHead(server, small.length), small.subarray(0, 10))
  await asked.promise
  client.destroy()
  await sleep(20)
  gate.resolve()
  await sleep(20)
  t.same(await server.leftovers(), [])
  t.same(server.errors, [])
})

t.test('the use case is told when the client vanishes', async (t) => {
  const server = await startServer(t)
  const gate = Promise.withResolvers<void>()
  let signal: AbortSignal | undefined
  const { upload } = server.files
  server.files.upload = async (principal, request) => {
    signal = request.signal
    await gate.promise
    return await upload(principal, request)
  }
  const client = await RawConnection.open(server.url)
  client.send(uploadHead(server, small.length), small)
  while (signal === undefined) await sleep(1)
  t.notOk(signal.aborted)
  client.destroy()
  while (!signal.aborted) await sleep(1)
  gate.resolve()
  await ended(server)
  t.same(server.errors, [])
})

t.test('a client that vanishes in a download ends the reading', async (t) => {
  const server = await startServer(t)
  const response = await server.fetch('/v1/files', {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: form([purpose, { ...file, content: Buffer.alloc(32 * 2 ** 20, 'x') }]),
  })
  const { id } = (await response.json()) as { id: string }
  let reads = 0
  let pace = 1
  server.files.onRead = async () => {
    reads += 1
    await sleep(pace)
  }
  const client = await RawConnection.open(server.url)
  client.send(
    `GET /v1/files/${id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.key}\r\n\r\n`,
  )
  while (reads < 3) await sleep(1)
  // All the rest would take a minute.
  pace = 500
  client.destroy()
  let soon = -1
  while (soon !== reads) {
    soon = reads
    await sleep(1_200)
  }
  t.ok(reads < 20, `${reads} reads`)
  t.same(server.errors, [])
})
