import t from 'tap'
import { toSeconds } from '../src/index.ts'

t.test('the API shows whole seconds, cut and not rounded', async (t) => {
  t.equal(toSeconds(0), 0)
  t.equal(toSeconds(1_767_225_599_999_999), 1_767_225_599)
  t.equal(toSeconds(1_767_225_600_000_000), 1_767_225_600)
})
