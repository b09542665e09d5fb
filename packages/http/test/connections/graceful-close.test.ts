import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { file, form, purpose, uploadHead } from '../support/forms.ts'
import { startServer } from '../support/start-server.ts'

const large = form([purpose, { ...file, content: Buffer.alloc(200_000, 'x') }])

t.test(
  'close ends idle connections at once, and lets a running upload end',
  async (t) => {
    const server = await startServer(t)
    const { url, close, files, stored } = server
    const idle = await RawConnection.open(url)
    const uploading = await RawConnection.open(url)
    idle.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
    await idle.answer()
    uploading.send(uploadHead(server, large.length), large.subarray(0, 100_000))
    while (files.openSessions === 0) await sleep(1)

    const closed = close(10_000)
    await idle.closed()
    uploading.send(large.subarray(100_000))
    const answer = await uploading.answer()
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('connection'), 'close')
    await closed
    t.equal((await stored()).length, 1)
    await t.rejects(RawConnection.open(url))
  },
)

t.test('close cuts what still runs after the grace', async (t) => {
  const server = await startServer(t)
  const { url, close, files, leftovers } = server
  const client = await RawConnection.open(url)
  client.send(uploadHead(server, large.length), large.subarray(0, 1_000))
  while (files.openSessions === 0) await sleep(1)
  await close(30)
  await client.closed()
  while (files.openSessions > 0) await sleep(1)
  t.same(await leftovers(), [])
})

t.test('a download that began before close ends whole', async (t) => {
  const { port, url, close, files, fetch } = await startServer(t)
  const response = await fetch('/v1/files', {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    body: form([purpose, { ...file, content: Buffer.alloc(300_000, 'x') }], 'b'),
  })
  const { id } = (await response.json()) as { id: string }
  files.onRead = () => sleep(5)
  t.ok(url.endsWith(String(port)))
  const download = await fetch(`/v1/files/${id}/content`)
  const closed = close(10_000)
  t.equal((await download.arrayBuffer()).byteLength, 300_000)
  await closed
})
