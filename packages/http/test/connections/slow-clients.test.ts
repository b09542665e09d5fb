import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { file, form, purpose, uploadHead } from '../support/forms.ts'
import { keys } from '../support/memory-files.ts'
import { RawClient } from '../support/raw-client.ts'
import { startServer } from '../support/start-server.ts'

const body = form([purpose, file])
const large = form([purpose, { ...file, content: Buffer.alloc(200_000, 'x') }])

for (const [size, bytes] of Object.entries({ small: body, large })) {
  t.test(
    `a ${size} body that stands still is cut with 408, and leaves nothing`,
    async (t) => {
      const { port, files } = await startServer(t, {
        options: { idleMs: 60, checkEveryMs: 20 },
      })
      const client = await RawClient.connect(port)
      client.send(uploadHead(bytes.length), bytes.subarray(0, 100))
      const answer = await client.answer()
      t.equal(answer.status, 408)
      t.match(answer.json().error, {
        code: 'request_timeout',
        message: /no byte came through/,
      })
      t.equal(answer.headers.get('connection'), 'close')
      await client.end()
      t.equal(files.openSessions, 0)
    },
  )
}

t.test('a body that crawls under the least average is cut', async (t) => {
  const { port } = await startServer(t, {
    options: {
      idleMs: 60_000,
      slowAfterMs: 100,
      checkEveryMs: 20,
      minBytesPerSecond: 1e6,
    },
  })
  const client = await RawClient.connect(port)
  client.send(uploadHead(large.length))
  const crawl = setInterval(() => client.send('x'), 5)
  t.teardown(() => clearInterval(crawl))
  const answer = await client.answer()
  t.equal(answer.status, 408)
  t.match(answer.json().error.message, /average/)
})

t.test('a slow body that keeps moving is never cut', async (t) => {
  const { port } = await startServer(t, {
    options: { idleMs: 400, slowAfterMs: 40, checkEveryMs: 20, minBytesPerSecond: 10 },
  })
  const client = await RawClient.connect(port)
  client.send(uploadHead(body.length))
  for (let at = 0; at < body.length; at += 8) {
    client.send(body.subarray(at, at + 8))
    await sleep(10)
  }
  t.equal((await client.answer()).status, 200)
  client.destroy()
})

t.test('a client is not blamed for the time that our own disk takes', async (t) => {
  const { port, files } = await startServer(t, {
    options: { idleMs: 150, slowAfterMs: 150, checkEveryMs: 10, minBytesPerSecond: 1e6 },
  })
  let waits = 0
  files.beforeWrite = async () => {
    if (waits++ === 0) await sleep(500)
  }
  const client = await RawClient.connect(port)
  client.send(uploadHead(large.length), large)
  t.equal((await client.answer()).status, 200)
  client.destroy()
})

t.test('a client that stops reading a download is cut', async (t) => {
  const { port, files, fetch } = await startServer(t, {
    options: { idleMs: 60, checkEveryMs: 20 },
  })
  const id = await storeLarge(fetch)
  let reads = 0
  files.onRead = () => {
    reads += 1
  }
  const client = await RawClient.connect(port)
  client.socket.pause()
  client.send(getContent(id))
  const closed = new Promise((resolve) => client.socket.once('close', resolve))
  while (reads === 0) await sleep(5)
  await sleep(300)
  client.socket.resume()
  await closed
  t.ok(reads < 60 * 16, `${reads} chunks of 64 KiB were read`)
})

t.test('a client that does not read the answers to its requests is cut', async (t) => {
  const { port, fetch } = await startServer(t, {
    options: { idleMs: 60, checkEveryMs: 20 },
  })
  const id = await storeLarge(fetch, 60_000)
  const client = await RawClient.connect(port)
  client.socket.pause()
  for (let count = 0; count < 500; count++) client.send(getContent(id))
  const closed = new Promise((resolve) => client.socket.once('close', resolve))
  await sleep(300)
  client.socket.resume()
  await closed
  t.ok(client.closed)
})

async function storeLarge(
  fetch: (path: string, init?: RequestInit) => Promise<Response>,
  bytes = 60 * 2 ** 20,
): Promise<string> {
  const content = Buffer.alloc(bytes, 'x')
  const response = await fetch('/v1/files', {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: form([purpose, { ...file, content }], 'b'),
  })
  const { id } = (await response.json()) as { id: string }
  return id
}

function getContent(id: string): string {
  return `GET /v1/files/${id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${keys.full}\r\n\r\n`
}
