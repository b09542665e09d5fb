import t from 'tap'
import { inTurn } from './in-turn.ts'

t.test(
  'contenders are measured in turn, every second round backwards, after a warm-up',
  async (t) => {
    const order: string[] = []
    let count = 0
    const contender = (name: string) => async () => {
      order.push(name)
      count += 1
      return count
    }
    const values = await inTurn(
      { a: contender('a'), b: contender('b') },
      { rounds: 3, settle: async () => void order.push('settle'), onValue() {} },
    )
    t.equal(order.filter((name) => name !== 'settle').join(''), 'abbaabba')
    t.equal(order.filter((name) => name === 'settle').length, 8)
    t.same(values, { a: [4, 5, 8], b: [3, 6, 7] })
  },
)
