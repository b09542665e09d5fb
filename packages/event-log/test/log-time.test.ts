import fc from 'fast-check'
import t from 'tap'
import { formatTime, parseTime } from '../src/index.ts'

t.test('times are RFC 3339 with six digits', async (t) => {
  t.equal(formatTime(0), '1970-01-01T00:00:00.000000Z')
  t.equal(formatTime(1_767_225_599_999_999), '2025-12-31T23:59:59.999999Z')
  t.equal(formatTime(1_767_225_600_000_010), '2026-01-01T00:00:00.000010Z')
})

t.test('what is written is read, and sorts as the times do', async () => {
  const micros = fc.integer({ min: 0, max: 9_000_000_000_000_000 })
  fc.assert(
    fc.property(micros, micros, (one, other) => {
      const [first, second] = [formatTime(one), formatTime(other)]
      return (
        parseTime(first) === one &&
        parseTime(second) === other &&
        first < second === one < other
      )
    }),
  )
})

const others = [
  '',
  '2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00.000Z',
  '2026-01-01T00:00:00.0000001Z',
  '2026-01-01T00:00:00.000000+00:00',
  '2026-01-01 00:00:00.000000Z',
  '2026-02-30T00:00:00.000000Z',
  '2026-13-01T00:00:00.000000Z',
  '2026-01-01T24:00:00.000000Z',
  '2026-01-01T00:00:60.000000Z',
  ' 2026-01-01T00:00:00.000000Z',
]
for (const text of others) {
  t.test(`'${text}' is no time of the log`, async (t) => {
    t.throws(() => parseTime(text), { message: /Not a time of the log/ })
  })
}
