import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { file, form, purpose, uploadHead } from '../support/forms.ts'
import { startServer, type TestServer } from '../support/start-server.ts'
import { storeFile } from '../support/store-file.ts'

const body = form([purpose, file])
const largest = 32 * 2 ** 20
const large = form([purpose, { ...file, content: Buffer.alloc(200_000, 'x') }])

for (const [size, bytes] of Object.entries({ small: body, large })) {
  t.test(
    `a ${size} body that stands still is cut with 408, and leaves nothing`,
    async (t) => {
      const server = await startServer(t, { options: { idleMs: 60, checkEveryMs: 20 } })
      const client = await RawConnection.open(server.url)
      client.send(uploadHead(server, bytes.length), bytes.subarray(0, 100))
      const answer = await client.answer()
      t.equal(answer.status, 408)
      t.match(answer.error(), {
        code: 'request_timeout',
        message: /no byte came through/,
      })
      t.equal(answer.headers.get('connection'), 'close')
      await client.closed()
      t.same(await server.leftovers(), [])
    },
  )
}

t.test('a body that crawls under the least average is cut', async (t) => {
  const server = await startServer(t, {
    options: {
      idleMs: 60_000,
      slowAfterMs: 100,
      checkEveryMs: 20,
      minBytesPerSecond: 1e6,
    },
  })
  const client = await RawConnection.open(server.url)
  client.send(uploadHead(server, large.length))
  const crawl = setInterval(() => client.send('x'), 5)
  t.teardown(() => clearInterval(crawl))
  const answer = await client.answer()
  t.equal(answer.status, 408)
  t.match(answer.error().message, /average/)
})

t.test('a slow body that keeps moving is never cut', async (t) => {
  const server = await startServer(t, {
    options: { idleMs: 1_500, slowAfterMs: 40, checkEveryMs: 20, minBytesPerSecond: 10 },
  })
  const client = await RawConnection.open(server.url)
  client.send(uploadHead(server, body.length))
  for (let at = 0; at < body.length; at += 8) {
    client.send(body.subarray(at, at + 8))
    await sleep(50)
  }
  t.equal((await client.answer()).status, 200)
  client.destroy()
})

t.test('a client is not blamed for the time that our own disk takes', async (t) => {
  const server = await startServer(t, {
    options: {
      idleMs: 1_000,
      slowAfterMs: 1_000,
      checkEveryMs: 10,
      minBytesPerSecond: 1e6,
    },
  })
  let waits = 0
  server.files.beforeWrite = async () => {
    if (waits++ === 0) await sleep(2_500)
  }
  const client = await RawConnection.open(server.url)
  client.send(uploadHead(server, large.length), large)
  t.equal((await client.answer()).status, 200)
  client.destroy()
})

t.test('a client that stops reading a download is cut', async (t) => {
  const server = await startServer(t, { options: { idleMs: 60, checkEveryMs: 20 } })
  const { files } = server
  const id = await storeFile(server, { content: Buffer.alloc(largest, 'x') })
  const { client, closed } = await connectTo(server)
  client.socket.pause()
  client.send(getContent(server, id))
  await closed
  client.destroy()
  t.ok(files.readBytes < largest, `${files.readBytes} bytes were read`)
})

t.test('a client that does not read the answers to its requests is cut', async (t) => {
  const server = await startServer(t, { options: { idleMs: 60, checkEveryMs: 20 } })
  const id = await storeFile(server, { content: Buffer.alloc(60_000, 'x') })
  const { client, closed } = await connectTo(server)
  client.socket.pause()
  for (let count = 0; count < 500; count++) client.send(getContent(server, id))
  await closed
  client.socket.resume()
  await client.closed()
  t.ok(client.isClosed)
})

/** A client, and when the server's side of its connection is closed. */
async function connectTo({ server, url }: TestServer) {
  const connection = once(server, 'connection')
  const client = await RawConnection.open(url)
  const [socket] = (await connection) as [Socket]
  return { client, closed: once(socket, 'close') }
}

function getContent({ key }: TestServer, id: string): string {
  return `GET /v1/files/${id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`
}
