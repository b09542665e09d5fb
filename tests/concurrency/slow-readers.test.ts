import { RawConnection, requestHead, startServer } from '@custody/testkit'
import t from 'tap'

t.test('readers that stand still do not hold up anybody else', async (t) => {
  const server = await startServer(t)
  const { api } = server
  const content = Buffer.alloc(24 * 2 ** 20, 'custody')
  const large = { purpose: 'user_data', filename: 'a.bin', content }
  const { id } = (await api.upload(large)).json()

  const head = requestHead(
    `GET /v1/files/${id}/content`,
    `Authorization: Bearer ${server.apiKey}`,
  )
  const readers: RawConnection[] = []
  for (let n = 0; n < 20; n += 1) {
    const reader = await RawConnection.open(server.address)
    t.teardown(() => reader.vanish())
    reader.socket.pause()
    readers.push(reader.send(head))
  }

  const small = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  for (let n = 0; n < 20; n += 1) {
    const file = (await api.upload(small)).json()
    t.equal((await api.content(file.id)).text, 'Hello')
    t.equal((await api.delete(file.id)).status, 200)
  }
  t.ok((await api.content(id)).bytes.equals(content), 'the same file, by another reader')

  const [first] = readers
  first?.socket.resume()
  const answer = await first?.answer()
  t.ok(answer?.bytes.equals(content), 'and a slow one gets everything when it goes on')
})
