import {
  clientForms,
  RawConnection,
  readEvents,
  requestHead,
  stagedFiles,
  startServer,
  storedBlobs,
  until,
} from '@custody/testkit'
import t from 'tap'

const KiB = 1024
const server = await startServer(t)

const uploads = {
  'a small upload': { bytes: 20 * KiB, chunked: false },
  'a large upload': { bytes: 3000 * KiB, chunked: false },
  'a small upload without a length': { bytes: 20 * KiB, chunked: true },
  'a large upload without a length': { bytes: 3000 * KiB, chunked: true },
}

for (const [what, { bytes, chunked }] of Object.entries(uploads)) {
  for (const share of [0, 0.1, 0.5, 0.95]) {
    t.test(`a client that vanishes after ${share * 100} % of ${what}`, async (t) => {
      const before = await readEvents(server.dataDir)
      const { contentType, body } = clientForms.curl({
        purpose: 'user_data',
        filename: 'a.bin',
        content: Buffer.alloc(bytes, 'custody'),
      })
      const part = body.subarray(0, Math.floor(body.length * share))
      const connection = await RawConnection.open(server.address)
      connection.send(
        requestHead(
          'POST /v1/files',
          `Authorization: Bearer ${server.apiKey}`,
          `Content-Type: ${contentType}`,
          chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`,
        ),
        ...(chunked && part.length > 0
          ? [`${part.length.toString(16)}\r\n`, part, '\r\n']
          : [part]),
      )
      if (bytes > 64 * KiB && share > 0) {
        await until('staging', () => stagedFiles(server.dataDir).length > 0)
      }
      connection.vanish()

      await until('the end of staging', () => stagedFiles(server.dataDir).length === 0)
      t.equal((await server.api.call('GET', '/v1/files')).status, 200, 'it lives')
      t.equal((await readEvents(server.dataDir)).length, before.length, 'no event')
      t.same(storedBlobs(server.dataDir), [])
    })
  }
}

t.test('a client that vanishes in the middle of a download', async (t) => {
  const content = Buffer.alloc(8000 * KiB, 'custody')
  const upload = { purpose: 'user_data', filename: 'a.bin', content }
  const { id } = (await server.api.upload(upload)).json()
  for (let n = 0; n < 5; n += 1) {
    const connection = await RawConnection.open(server.address)
    connection.send(
      requestHead(
        `GET /v1/files/${id}/content`,
        `Authorization: Bearer ${server.apiKey}`,
      ),
    )
    await new Promise((resolve) => connection.socket.once('data', resolve))
    connection.vanish()
  }
  t.ok((await server.api.content(id)).bytes.equals(content), 'others get the whole')
})

t.test('nothing of all that was logged as an error', async (t) => {
  const errors = server.logs.filter((line) => JSON.parse(line).level >= 40)
  t.same(errors, [])
  const { code, stdout } = await server.custody('audit', 'replay')
  t.equal(code, 0, stdout)
})
