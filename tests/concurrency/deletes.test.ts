import { randomBytes } from 'node:crypto'
import { type FileObject, readEvents, startServer, until } from '@custody/testkit'
import t from 'tap'

const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }

/** Types of the events of a file, oldest first. */
async function eventsOf(dataDir: string, { id }: FileObject): Promise<string[]> {
  const events = await readEvents(dataDir)
  return events
    .filter(
      ({ record }) => record.stream.replaceAll('-', '') === id.slice('file-'.length),
    )
    .map(({ record }) => record.type)
}

t.test('of two requests that delete one file, one does', async (t) => {
  const { api, dataDir } = await startServer(t)
  for (let round = 0; round < 10; round += 1) {
    const file = (await api.upload(upload)).json()
    const answers = await Promise.all([api.delete(file.id), api.delete(file.id)])
    t.same(answers.map(({ status }) => status).sort(), [200, 404])
    t.same(await eventsOf(dataDir, file), ['FileUploaded', 'FileDeleted'])
  }
})

t.test('a file that expires while it is deleted ends once', async (t) => {
  const server = await startServer(t)
  const { api } = await server.createProject({
    limits: { purposes: { user_data: { default_expiry_seconds: 1 } } },
  })
  const files: FileObject[] = []
  for (let n = 0; n < 30; n += 1) files.push((await api.upload(upload)).json())

  // Each is deleted again and again from before its expiry until it is gone.
  const outcomes = await Promise.all(
    files.map(async (file, n) => {
      const isDue = () => Date.now() >= file.created_at * 1000 + 900 + n * 15
      await until('the moment of the delete', isDue)
      const { status } = await api.delete(file.id)
      await until('the end', async () => (await api.get(file.id)).status === 404)
      return status
    }),
  )
  t.ok(
    outcomes.every((status) => status === 200 || status === 404),
    `answered: ${outcomes}`,
  )
  await until('the last expiry', async () => {
    const events = await readEvents(server.dataDir)
    const ends = events.filter(({ record }) =>
      /^File(Deleted|Expired)$/.test(record.type),
    )
    return ends.length >= files.length
  })
  for (const [n, file] of files.entries()) {
    const expected = outcomes[n] === 200 ? 'FileDeleted' : 'FileExpired'
    t.same(await eventsOf(server.dataDir, file), ['FileUploaded', expected])
  }
  const { code, stdout } = await server.custody('audit', 'replay')
  t.equal(code, 0, stdout)
})

t.test('who reads a file while it ends gets all of it, or 404', async (t) => {
  const { api, dataDir } = await startServer(t)
  const content = randomBytes(100_000)
  const ends = {
    FileDeleted: ({ id }: FileObject) => api.delete(id),
    FileErased: ({ id }: FileObject) => api.call('POST', `/v1/files/${id}/erase`),
  }
  for (const [type, end] of Object.entries(ends)) {
    for (let round = 0; round < 6; round += 1) {
      const file = (await api.upload({ ...upload, content })).json()
      const read = async () => {
        for (;;) {
          const answer = await api.content(file.id)
          if (answer.status !== 200) return answer
          if (!answer.bytes.equals(content)) throw new Error('other bytes')
        }
      }
      const readers = Array.from({ length: 6 }, read)
      const ended = await api.content(file.id).then(() => end(file))
      if (ended.status !== 200) throw new Error(ended.text)
      for (const { status, text } of await Promise.all(readers)) {
        if (status !== 404) t.fail(`${status} ${text}`)
      }
      const types = await eventsOf(dataDir, file)
      t.ok(types.includes(type) && !types.includes('FileDamaged'), `${types}`)
    }
  }
})
