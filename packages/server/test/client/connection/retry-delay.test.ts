import t from 'tap'
import { isRetryable, retryDelay } from '../../../src/client/connection/retry-delay.ts'

const now = Date.parse('2026-01-31T12:00:00Z')
const delay = (headers: Record<string, string>, attempt = 0, random = () => 0) =>
  retryDelay(attempt, headers, { now, random })

t.test('what may pass is asked again, unless the server says otherwise', async (t) => {
  for (const status of [408, 409, 429, 500, 503, 507]) t.ok(isRetryable(status, {}))
  for (const status of [400, 401, 403, 404, 413, 422]) t.notOk(isRetryable(status, {}))
  t.notOk(isRetryable(507, { 'x-should-retry': 'false' }))
  t.ok(isRetryable(400, { 'x-should-retry': 'true' }))
})

t.test('a server says when, in milliseconds, in seconds or as a date', async (t) => {
  t.equal(delay({ 'retry-after-ms': '250', 'retry-after': '9' }), 250)
  t.equal(delay({ 'retry-after': '1.5' }), 1500)
  t.equal(delay({ 'retry-after': '0' }), 0)
  t.equal(delay({ 'retry-after': 'Sat, 31 Jan 2026 12:00:07 GMT' }), 7000)
  t.equal(delay({ 'retry-after': 'Sat, 31 Jan 2026 11:00:00 GMT' }), 0)
})

t.test('a server that asks for more than two minutes is left', async (t) => {
  t.equal(delay({ 'retry-after': '120' }), 120_000)
  t.equal(delay({ 'retry-after': '121' }), undefined)
})

t.test('without a word each wait is twice the former, up to 8 s', async (t) => {
  t.strictSame(
    [0, 1, 2, 3, 4, 5, 20].map((attempt) => delay({}, attempt)),
    [500, 1000, 2000, 4000, 8000, 8000, 8000],
  )
  t.equal(delay({ 'retry-after': 'soon', 'retry-after-ms': '' }, 1), 1000)
  t.equal(
    delay({}, 0, () => 1),
    375,
    'a quarter is left to chance',
  )
})
