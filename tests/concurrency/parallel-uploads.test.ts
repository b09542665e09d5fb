import { createHash } from 'node:crypto'
import { gapsOf, readEvents, startServer } from '@custody/testkit'
import t from 'tap'

const server = await startServer(t)

/** Small and large ones, each different. */
function contentOf(n: number): Buffer {
  return Buffer.alloc(n % 5 === 0 ? 200_000 + n : 100 + n, `content ${n};`)
}

t.test(
  '50 parallel uploads: after its answer each is there, in every view',
  async (t) => {
    const { api } = await server.createProject()
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const content = contentOf(n)
        const sha256 = createHash('sha256').update(content).digest('hex')
        const answer = await api.upload({
          purpose: 'user_data',
          filename: `${n}.bin`,
          content,
          fields: [['sha256', sha256]],
        })
        t.equal(answer.status, 200)
        const file = answer.json()
        const [got, listed, read] = await Promise.all([
          api.get(file.id),
          api.list(),
          api.content(file.id),
        ])
        t.same(got.json(), file)
        t.same(
          listed.data.filter(({ id }) => id === file.id),
          [file],
        )
        t.ok(read.bytes.equals(content), 'the same bytes')
        return file.id
      }),
    )
    const all = await api.listAll()
    t.same(all.map(({ id }) => id).sort(), ids.toSorted(), 'each once, and no other')
    t.same(gapsOf(await readEvents(server.dataDir)), [])
  },
)

t.test('pages show every file that was there all the time, just once', async (t) => {
  const { api } = await server.createProject()
  const upload = { purpose: 'user_data', filename: 'a.txt', content: 'Hello' }
  const stay: string[] = []
  const go: string[] = []
  for (let n = 0; n < 40; n += 1) {
    const { id } = (await api.upload(upload)).json()
    const list = n % 4 === 0 ? go : stay
    list.push(id)
  }
  let isDone = false
  const disturb = async () => {
    for (const id of go) {
      await api.delete(id)
      await api.upload(upload)
    }
    isDone = true
  }
  const read = async () => {
    let rounds = 0
    while (!isDone || rounds === 0) {
      for (const order of ['asc', 'desc']) {
        const seen: string[] = []
        for (let after = ''; ; ) {
          const page = await api.list(`limit=7&order=${order}${after}`)
          seen.push(...page.data.map(({ id }) => id))
          if (!page.has_more) break
          after = `&after=${page.last_id}`
        }
        t.equal(new Set(seen).size, seen.length, 'no file twice')
        const expected = order === 'asc' ? stay : stay.toReversed()
        t.same(
          seen.filter((id) => stay.includes(id)),
          expected,
          'in order',
        )
      }
      rounds += 1
    }
  }
  await Promise.all([disturb(), read(), read()])
})
