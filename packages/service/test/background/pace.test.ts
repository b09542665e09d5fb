import t from 'tap'
import { createPace } from '../../src/background/pace.ts'

/** A clock that stands still but for what a test does, and the pauses that were made. */
function start({ isBusy = true }: { readonly isBusy?: boolean } = {}) {
  const clock = { now: 0 }
  const pauses: number[] = []
  const paced = createPace({
    share: 3,
    monotonic: () => clock.now,
    isBusy: () => isBusy,
    sleep: async (milliseconds) => void pauses.push(milliseconds),
  })
  return { clock, pauses, paced }
}

t.test('one works after the other, and each gets its own answer', async (t) => {
  const { paced } = start()
  const order: string[] = []
  const work = (name: string) =>
    paced(async ({ rest }) => {
      order.push(`${name} begins`)
      await rest()
      order.push(`${name} ends`)
      return name
    })
  t.same(await Promise.all([work('a'), work('b')]), ['a', 'b'])
  t.same(order, ['a begins', 'a ends', 'b begins', 'b ends'])
})

t.test('work that fails fails for its own caller only', async (t) => {
  const { paced } = start()
  const failed = paced(async () => {
    throw new Error('broken')
  })
  const good = paced(async () => 'good')
  await t.rejects(failed, { message: 'broken' })
  t.equal(await good, 'good')
})

t.test(
  'while others are busy, work is followed by a pause as its share says',
  async (t) => {
    const { clock, pauses, paced } = start()
    await paced(async ({ spend, rest }) => {
      clock.now += 10
      await rest()
      clock.now += 5
      spend(7)
    })
    await paced(async () => {})
    t.same(pauses[0], 44, 'twice 22 ms: a third of the time is for the work')
  },
)

t.test('where nobody is busy there is no pause', async (t) => {
  const { clock, pauses, paced } = start({ isBusy: false })
  await paced(async () => {
    clock.now += 10
  })
  await paced(async () => {})
  t.same(pauses, [])
})

t.test('what others do while it rests is not its work', async (t) => {
  const { clock, pauses, paced } = start()
  await paced(async ({ rest }) => {
    const rested = rest()
    clock.now += 1_000
    await rested
  })
  await paced(async () => {})
  t.same(pauses[0], 0)
})
