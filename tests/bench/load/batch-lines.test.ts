import t from 'tap'
import { batchLines } from './batch-lines.ts'

t.test('batch lines are requests, as many and as long as was asked', async (t) => {
  for (const [lines, bytes] of [
    [30, 4096],
    [1000, 1_000_003],
  ] as const) {
    const content = batchLines(lines, bytes)
    t.equal(content.length, bytes)
    const requests = content.toString().trimEnd().split('\n')
    t.equal(requests.length, lines)
    const ids = requests.map((line) => JSON.parse(line).custom_id)
    t.equal(new Set(ids).size, lines)
  }
  t.throws(() => batchLines(30, 1000), RangeError)
})
