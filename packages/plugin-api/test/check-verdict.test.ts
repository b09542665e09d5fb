import { accept, type Issue, type Json, reject } from '@custody/plugin-api'
import { checkVerdict, MAX_FACTS_BYTES, MAX_FACTS_DEPTH } from '@custody/plugin-api/host'
import t from 'tap'

const issue: Issue = {
  code: 'bad_row',
  message: 'Bad.',
  line: 3,
  column: 1,
  param: 'a.b',
}

t.test('what accept and reject make passes unchanged', (t) => {
  t.same(checkVerdict(accept({ rows: 2 }, [issue])), {
    ok: true,
    factsJson: '{"rows":2}',
    warnings: [issue],
  })
  t.same(checkVerdict(reject([issue, issue])), {
    ok: false,
    issues: [issue, issue],
    issueCounts: { bad_row: 2 },
  })
  t.end()
})

for (const [what, value, message] of [
  ['nothing', undefined, /accept\(…\) or reject\(…\), not undefined/],
  ['a boolean', true, /not true/],
  ['a list', [], /not an array/],
  ['facts that are no object', { ok: true, facts: [], warnings: [] }, /facts/],
  ['no warnings', { ok: true, facts: {} }, /issues are an array/],
  [
    'a refusal without issues',
    { ok: false, issues: [], issueCounts: {} },
    /at least one/,
  ],
  ['an issue without code', { ok: false, issues: [{ message: 'a' }] }, /code/],
  ['an issue without message', { ok: false, issues: [{ code: 'a' }] }, /message/],
  ['line 0', { ok: false, issues: [{ ...issue, line: 0 }] }, /line .* not 0/],
  ['no counts', { ok: false, issues: [issue] }, /issueCounts/],
  ['a count of zero', { ok: false, issues: [issue], issueCounts: { a: 0 } }, /not 0/],
] as const) {
  t.test(`${what} is refused as a verdict`, (t) => {
    t.throws(() => checkVerdict(value), { name: 'TypeError', message })
    t.end()
  })
}

t.test('facts are bounded in bytes, not in characters', (t) => {
  const room = MAX_FACTS_BYTES - '{"a":""}'.length
  t.ok(checkVerdict(accept({ a: 'x'.repeat(room) })))
  t.throws(() => checkVerdict(accept({ a: 'x'.repeat(room + 1) })), /8193 bytes/)
  t.ok(checkVerdict(accept({ a: 'ä'.repeat(room / 2) })))
  t.throws(() => checkVerdict(accept({ a: 'ä'.repeat(room / 2 + 1) })), TypeError)
  t.end()
})

t.test('facts are bounded in depth', (t) => {
  const deep = (levels: number) => {
    let value: Json = 'x'.repeat(300)
    for (let level = 1; level < levels; level++)
      value = level % 2 ? [value] : { a: value }
    return accept({ a: value })
  }
  t.ok(checkVerdict(deep(MAX_FACTS_DEPTH)))
  t.throws(() => checkVerdict(deep(MAX_FACTS_DEPTH + 1)), /nested more than 100 deep/)
  t.throws(() => checkVerdict(deep(1500)), /nested more than 100 deep/)
  const brackets = accept({ a: '[{'.repeat(150), 'b"[': '\\"[['.repeat(80) })
  t.ok(checkVerdict(brackets), 'texts have no depth')
  t.end()
})

t.test('facts that came from the file cannot break canonical JSON', (t) => {
  const verdict = checkVerdict(accept({ 'a\ud800': ['b\udc00', '\\ud800', '𝄞'] }))
  t.ok(verdict.ok)
  if (!verdict.ok) return t.end()
  t.same(JSON.parse(verdict.factsJson), { 'a\ufffd': ['b\ufffd', '\\ud800', '𝄞'] })
  t.end()
})

t.test('long texts are cut and unknown fields left out', (t) => {
  const verdict = checkVerdict({
    ok: false,
    issues: [{ ...issue, message: 'm'.repeat(5000), secret: 1 }],
    issueCounts: { bad_row: 1 },
  })
  if (verdict.ok) return t.fail('refused')
  t.equal(verdict.issues[0]?.message.length, 1000)
  t.notMatch(verdict.issues[0], { secret: 1 })
  t.end()
})
