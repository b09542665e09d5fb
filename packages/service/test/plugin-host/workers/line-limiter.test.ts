import t from 'tap'
import { LineLimiter } from '../../../src/plugin-host/workers/line-limiter.ts'

t.test('a hundred lines a second pass, and the others are counted', (t) => {
  let now = 0
  const limiter = new LineLimiter(() => now)
  const admitted = Array.from({ length: 150 }, () => limiter.admit('a')).flat()
  t.equal(admitted.length, 100)
  now = 999
  t.same(limiter.admit('b'), [])
  now = 1000
  t.same(limiter.admit('c'), ['(51 lines were left out)', 'c'])
  t.same(limiter.admit('d'), ['d'])
  now = 2000
  t.same(limiter.admit('e'), ['e'])
  t.end()
})
