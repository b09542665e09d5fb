import { createHash } from 'node:crypto'
import t from 'tap'
import { RawConnection } from '../../../testkit/src/server/raw-connection.ts'
import {
  boundary,
  chunk,
  file,
  form,
  lastChunk,
  purpose,
  uploadHead,
} from '../support/forms.ts'
import { startServer } from '../support/start-server.ts'

const body = form([purpose, file], boundary)
const sha256OfFile = createHash('sha256').update(file.content).digest('hex')
const places = Array.from({ length: body.length + 1 }, (_, place) => place)

t.test('a body arrives the same wherever packets cut it', async (t) => {
  const server = await startServer(t)
  const client = await RawConnection.open(server.url)
  for (const place of places) {
    client.send(uploadHead(server, body.length), body.subarray(0, place))
    await new Promise(setImmediate)
    client.send(body.subarray(place))
    const { status } = await client.answer()
    if (status !== 200) t.fail(`cut at ${place}: ${status}`)
  }
  client.destroy()
  const stored = await server.stored()
  t.same(new Set(stored.map(({ sha256 }) => sha256)), new Set([sha256OfFile]))
  t.equal(stored.length, places.length)
})

t.test('a chunked body arrives the same wherever its chunks are cut', async (t) => {
  const server = await startServer(t)
  const client = await RawConnection.open(server.url)
  for (const place of places.slice(1, -1)) {
    const chunks = [
      chunk(body.subarray(0, place)),
      chunk(body.subarray(place)),
      lastChunk,
    ]
    const { status } = await client
      .send(uploadHead(server, undefined), ...chunks)
      .answer()
    if (status !== 200) t.fail(`cut at ${place}: ${status}`)
  }
  client.destroy()
  const stored = await server.stored()
  t.same(new Set(stored.map(({ sha256 }) => sha256)), new Set([sha256OfFile]))
})

t.test('a body that ends inside its form is refused, and leaves nothing', async (t) => {
  const server = await startServer(t)
  const client = await RawConnection.open(server.url)
  for (const place of places.slice(0, -4)) {
    const cut = body.subarray(0, place)
    const pieces = [
      [uploadHead(server, cut.length), cut],
      [uploadHead(server, undefined), ...(place === 0 ? [] : [chunk(cut)]), lastChunk],
    ]
    for (const piece of pieces) {
      const answer = await client.send(...piece).answer()
      const { code } = answer.error()
      if (answer.status !== 400 || code !== 'invalid_multipart') {
        t.fail(`cut at ${place}: ${answer.status} ${code}`)
      }
    }
  }
  client.destroy()
  t.same(await server.leftovers(), [])
})
