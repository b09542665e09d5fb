import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import { file, form, purpose, uploadHead } from '../support/forms.ts'
import { startServer } from '../support/start-server.ts'

t.test('pipelined requests are answered in their order', async (t) => {
  const server = await startServer(t)
  const client = await RawConnection.open(server.url)
  const names = Array.from({ length: 20 }, (_, index) => `file-${index}.txt`)
  const requests = names.flatMap((filename) => {
    const body = form([purpose, { ...file, filename }])
    return [uploadHead(server, body.length), body]
  })
  client.send(Buffer.concat(requests.map((piece) => Buffer.from(piece))))
  for (const name of names) {
    const { status, text } = await client.answer()
    t.equal(status, 200)
    t.equal(JSON.parse(text).filename, name)
  }
  client.destroy()
})

t.test(
  'a refusal between pipelined uploads does not disturb its neighbours',
  async (t) => {
    const server = await startServer(t)
    const client = await RawConnection.open(server.url)
    const good = form([purpose, file])
    const bad = form([purpose, { name: 'color', content: 'red' }, file])
    client.send(
      uploadHead(server, good.length),
      good,
      uploadHead(server, bad.length),
      bad,
    )
    client.send(uploadHead(server, good.length), good)
    t.equal((await client.answer()).status, 200)
    t.equal((await client.answer()).status, 400)
    t.equal((await client.answer()).status, 200)
    client.destroy()
  },
)
