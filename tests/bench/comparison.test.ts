import t from 'tap'
import { type Comparison, judge, median } from './comparison.ts'

const drifting: Comparison = {
  name: 'a / b',
  unit: 'requests/s',
  // The machine became ten times slower, and ours was twice as fast all the time.
  ours: [2000, 1000, 200],
  reference: [1000, 500, 100],
  by: 'ratio',
  bound: { atLeast: 2 },
}

t.test(
  'the median of an even number of values lies between the two in the middle',
  async (t) => {
    t.equal(median([9]), 9)
    t.equal(median([10, 9, 100]), 10)
    t.equal(median([1, 100, 3, 2]), 2.5)
    t.throws(() => median([]), RangeError)
  },
)

t.test(
  'a ratio is that of one round, so a machine that drifts does not change it',
  async (t) => {
    t.same(judge(drifting), { median: 2, lowest: 2, highest: 2, met: true })
    t.match(judge({ ...drifting, ours: [1000, 1000, 1000] }), {
      median: 2,
      lowest: 1,
      highest: 10,
    })
  },
)

t.test(
  'a bound is inclusive, in either direction, on ratios and on differences',
  async (t) => {
    t.equal(judge({ ...drifting, bound: { atLeast: 2.01 } }).met, false)
    t.equal(judge({ ...drifting, bound: { atMost: 2 } }).met, true)
    t.equal(judge({ ...drifting, bound: { atMost: 1.99 } }).met, false)
    const growth = {
      ...drifting,
      ours: [300],
      reference: [236],
      by: 'difference',
    } as const
    t.equal(judge({ ...growth, bound: { atMost: 64 } }).met, true)
    t.equal(judge({ ...growth, bound: { atMost: 63 } }).met, false)
  },
)
