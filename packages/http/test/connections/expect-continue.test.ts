import t from 'tap'
import { file, form, purpose, uploadHead } from '../support/forms.ts'
import { RawClient } from '../support/raw-client.ts'
import { startServer } from '../support/start-server.ts'

const body = form([purpose, file])
const expect = 'Expect: 100-continue'

t.test('a client that asks first is told to go on, then answered', async (t) => {
  const server = await startServer(t)
  const client = await RawClient.connect(server.port)
  client.send(uploadHead(server, body.length, expect))
  t.equal((await client.answer()).status, 100)
  t.equal((await client.send(body).answer()).status, 200)
  client.destroy()
})

t.test(
  'a client that asks first is refused before it sent a byte of the body',
  async (t) => {
    const server = await startServer(t)
    const head = uploadHead(server, body.length, expect)
    const cases = {
      401: head.replace(server.key, 'nope'),
      413: uploadHead(server, 2 ** 40, expect),
      415: head.replace('multipart/form-data', 'multipart/mixed'),
    }
    for (const [status, request] of Object.entries(cases)) {
      const client = await RawClient.connect(server.port)
      t.equal((await client.send(request).answer()).status, Number(status))
      client.destroy()
    }
  },
)

t.test('an expectation that nobody knows is passed over', async (t) => {
  const server = await startServer(t)
  const client = await RawClient.connect(server.port)
  client.send(uploadHead(server, body.length, 'Expect: the-unexpected'), body)
  t.equal((await client.answer()).status, 200)
  client.destroy()
})
