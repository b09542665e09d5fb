import t from 'tap'
import { createClockGuard } from '../../src/background/clock-guard.ts'

const minute = 60_000

function clocks() {
  const time = { wall: 1_000_000, monotonic: 0 }
  const guard = createClockGuard(
    () => time.wall,
    () => time.monotonic,
  )
  return {
    problem: (lastEventMs = 0) => guard.problem(lastEventMs),
    distrust: (lastEventMs = 0) => guard.distrust(lastEventMs),
    accept: (untilMs = 0) => guard.accept(untilMs),
    pass(ms: number) {
      time.wall += ms
      time.monotonic += ms
    },
    jump(ms: number) {
      time.wall += ms
    },
    wall: () => time.wall,
  }
}

t.test('clocks that keep pace are trusted, whatever time passes', async (t) => {
  const { problem, pass } = clocks()
  for (let hour = 0; hour < 48; hour += 1) {
    pass(60 * minute)
    t.equal(problem(), undefined)
  }
})

t.test('a jump of more than a minute is distrusted until it is undone', async (t) => {
  for (const ms of [2 * minute, -2 * minute]) {
    const { problem, pass, jump } = clocks()
    jump(ms)
    t.match(problem(), /has jumped 120 s (ahead|back)/)
    pass(minute)
    t.ok(problem())
    jump(-ms)
    t.equal(problem(), undefined)
  }
})

t.test('a clock that stays where it jumped to is trusted after 15 minutes', async (t) => {
  const { problem, pass, jump } = clocks()
  jump(24 * 60 * minute)
  t.ok(problem())
  pass(14 * minute)
  t.ok(problem())
  jump(5 * minute)
  t.ok(problem(), 'a further jump begins the wait anew')
  pass(14 * minute)
  t.ok(problem())
  pass(minute)
  t.equal(problem(), undefined)
  jump(2 * minute)
  t.ok(problem(), 'and from then on the new time is what counts')
})

t.test('a last event in the future is distrusted', async (t) => {
  const { problem, pass, wall } = clocks()
  t.equal(problem(wall() + minute), undefined)
  const ahead = wall() + 2 * minute
  t.match(problem(ahead), /the last event is 120 s in the future/)
  pass(minute)
  t.equal(problem(ahead), undefined)
})

t.test(
  'what an operator accepts is trusted at once, and nothing beyond it',
  async (t) => {
    const { problem, distrust, accept, pass, jump, wall } = clocks()
    jump(10 * minute)
    t.equal(distrust(), 'jumped')
    accept()
    t.equal(distrust(), undefined)
    t.equal(problem(), undefined)
    jump(-2 * minute)
    t.equal(distrust(), 'jumped', 'a further jump')
    accept()

    const ahead = wall() + 60 * minute
    t.equal(distrust(ahead), 'behind')
    accept(ahead)
    t.equal(distrust(ahead), undefined)
    pass(10 * minute)
    t.equal(problem(ahead + 1000), undefined, 'events come after those that are ahead')
    t.match(problem(ahead + 5 * minute), /in the future/, 'not so far')
  },
)

t.test('what was accepted before a restart stays so', async (t) => {
  const later = 1_000_000 + 60 * minute
  const after = createClockGuard(
    () => 1_000_000,
    () => 0,
    later,
  )
  t.equal(after.distrust(later), undefined)
  t.equal(after.distrust(later + 2 * minute), 'behind')
})
