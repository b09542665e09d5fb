import { howOften, temporaryFolder } from '@custody/testkit'
import t from 'tap'
import { crashRounds } from './crash-rounds.ts'

t.test('what was answered survives kill -9 at any moment', async (t) => {
  const seed = Date.now() % 2 ** 32
  t.comment(`seed ${seed}`)
  const faults = await crashRounds({
    rounds: howOften(2, 10),
    seed,
    dataDir: temporaryFolder(t),
    report: (line) => t.comment(line),
  })
  t.same(faults, [])
})
