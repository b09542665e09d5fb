import t from 'tap'
import type { Comparison } from './comparison.ts'
import { allMet, toJson, toMarkdown } from './table.ts'

const comparison: Comparison = {
  name: 'a / b',
  unit: 'requests/s',
  ours: [2000, 1000, 200],
  reference: [1000, 500, 100],
  by: 'ratio',
  bound: { atLeast: 2 },
}

t.test(
  'the table shows what was met and missed, and why a row is not there',
  async (t) => {
    const { bound: _, ...figure } = comparison
    const missed = { ...comparison, name: 'c / d', bound: { atLeast: 3 } }
    const outcomes = [
      { row: 'a', comparisons: [comparison, missed, figure] },
      { row: 'e', comparisons: [], missing: 'skipped: there is no load' },
    ]
    t.equal(
      toMarkdown(outcomes, 'a machine'),
      `| row | ours | reference | ours : reference | of the rounds | bound |  |
| --- | --: | --: | --: | --: | --: | --- |
| a / b | 1,000 requests/s | 500 requests/s | 2.00 | 2.00 … 2.00 | ≥ 2.00 | met |
| c / d | 1,000 requests/s | 500 requests/s | 2.00 | 2.00 … 2.00 | ≥ 3.00 | **missed** |
| a / b | 1,000 requests/s | 500 requests/s | 2.00 | 2.00 … 2.00 |  | figure only |

- \`e\`: skipped: there is no load

a machine`,
    )
    t.match(JSON.parse(toJson(outcomes, 'a machine')), {
      machine: 'a machine',
      rows: [
        { row: 'a', comparisons: [{ ours: [2000, 1000, 200], median: 2, met: true }] },
      ],
    })
  },
)

t.test('all is met when no bound is missed and no row failed', async (t) => {
  const met = { row: 'a', comparisons: [comparison] }
  const skipped = { row: 'e', comparisons: [], missing: 'skipped' }
  t.equal(allMet([met, skipped]), true)
  t.equal(allMet([met, { ...skipped, failed: true }]), false)
  t.equal(
    allMet([{ row: 'a', comparisons: [{ ...comparison, bound: { atLeast: 3 } }] }]),
    false,
  )
})
