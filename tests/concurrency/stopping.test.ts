import { request } from 'node:http'
import { clientForms, startServer, until } from '@custody/testkit'
import t from 'tap'

t.test('a stop finishes the upload in flight, and takes no new connection', async (t) => {
  const server = await startServer(t)
  const content = Buffer.alloc(300_000, 'custody')
  const form = clientForms['openai-node with a stream']({
    purpose: 'user_data',
    filename: 'a.bin',
    content,
  })
  const outgoing = request(`${server.address}/v1/files`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.apiKey}`,
      'content-type': form.contentType,
    },
  })
  const answered = new Promise<{ status: number | undefined; text: string }>(
    (resolve, reject) => {
      outgoing.on('error', reject)
      outgoing.on('response', async (response) => {
        const text = Buffer.concat(await response.toArray()).toString()
        resolve({ status: response.statusCode, text })
      })
    },
  )
  outgoing.write(form.body.subarray(0, 150_000))
  // The upload has begun on the server once another request that came later was answered.
  await server.api.list()

  const stopped = server.stop()
  await until('the refusal of a new connection', () =>
    fetch(`${server.address}/healthz`).then(
      () => false,
      () => true,
    ),
  )
  outgoing.end(form.body.subarray(150_000))
  const { status, text } = await answered
  t.equal(status, 200)
  t.equal(await stopped, 0, 'it ends well')

  const again = await startServer(t, { dataDir: server.dataDir })
  const { id } = JSON.parse(text)
  t.ok((await again.api.content(id)).bytes.equals(content), 'what was answered is there')
})

t.test('a stop ends at once where nothing is in flight', async (t) => {
  const server = await startServer(t)
  await server.api.list()
  t.equal(await server.stop(), 0)
})

t.test(
  'a second server on the same folder is refused, and says who has it',
  async (t) => {
    const server = await startServer(t)
    const { code, stderr, stdout } = await server.custody('serve')
    t.equal(code, 1)
    t.equal(stdout, '')
    t.match(stderr, server.dataDir)
    t.match(stderr, `process ${server.pid}`)
    t.match(stderr, server.address)
    t.equal((await server.api.call('GET', '/v1/files')).status, 200, 'the first goes on')
  },
)

t.test('a folder is free again when its server was killed', async (t) => {
  const server = await startServer(t)
  const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  const { id } = (await server.api.upload(upload)).json()
  await server.kill()
  const again = await startServer(t, { dataDir: server.dataDir })
  t.equal((await again.api.content(id)).text, 'Hello')
})
