import { startServer, type TestProject } from '@custody/testkit'
import t from 'tap'

const PROJECTS = 4
const ROUNDS = 25

t.test('under load no project sees anything of another', async (t) => {
  const server = await startServer(t)
  const projects: TestProject[] = []
  for (let n = 0; n < PROJECTS; n += 1) {
    projects.push(await server.createProject({ name: `Project ${n}` }))
  }
  const owners = new Map<string, TestProject>()

  const work = async (own: TestProject, n: number) => {
    const mine: string[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const content = `content of ${n} in ${round}`.repeat(round % 5 === 0 ? 5000 : 1)
      const upload = { purpose: 'user_data', filename: `${n}-${round}.txt`, content }
      const { id } = (await own.api.upload(upload)).json()
      owners.set(id, own)
      mine.push(id)
      t.equal((await own.api.content(id)).text, content)

      const foreign = [...owners].filter(([, owner]) => owner !== own).at(-1)?.[0]
      if (foreign !== undefined) {
        const answers = await Promise.all([
          own.api.get(foreign),
          own.api.content(foreign),
          own.api.delete(foreign),
          own.api.call('GET', `/v1/files?after=${foreign}`),
        ])
        t.same(
          answers.map(({ status }) => status),
          [404, 404, 404, 404],
        )
      }
      if (round % 3 === 2) {
        const [gone] = mine.splice(Math.floor(mine.length / 2), 1)
        t.equal((await own.api.delete(gone ?? '')).status, 200)
      }
      const listed = await own.api.listAll()
      t.same(
        listed.map((file) => file.id),
        mine.toReversed(),
      )
    }
  }
  await Promise.all(projects.map(work))
})
