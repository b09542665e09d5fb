import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { file, form, purpose, uploadHead } from '../support/forms.ts'
import { startServer } from '../support/start-server.ts'

const body = form([purpose, file])
const expect = 'Expect: 100-continue'

t.test('a client that asks first is told to go on, then answered', async (t) => {
  const server = await startServer(t)
  const client = await RawConnection.open(server.url)
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
      const client = await RawConnection.open(server.url)
      t.equal((await client.send(request).answer()).status, Number(status))
      client.destroy()
    }
  },
)

t.test('an expectation that nobody knows is passed over', async (t) => {
  const server = await startServer(t)
  const client = await RawConnection.open(server.url)
  client.send(uploadHead(server, body.length, 'Expect: the-unexpected'), body)
  t.equal((await client.answer()).status, 200)
  client.destroy()
})
