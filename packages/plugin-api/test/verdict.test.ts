import { accept, collectIssues, MAX_ISSUES, reject } from '@custody/plugin-api'
import t from 'tap'

const issue = { code: 'bad_row', message: 'Bad.' }

t.test('a refusal counts all issues and keeps the first hundred', (t) => {
  const collector = collectIssues()
  for (let line = 1; line <= 250; line += 1) collector.add({ ...issue, line })
  collector.add({ code: '__proto__', message: 'A name like any other.' })
  const verdict = reject(collector)
  t.equal(verdict.issues.length, MAX_ISSUES)
  t.equal(verdict.issues[99]?.line, 100)
  t.same(Object.entries(verdict.issueCounts), [
    ['bad_row', 250],
    ['__proto__', 1],
  ])
  t.end()
})

t.test('one issue, a list and a collector say the same', (t) => {
  const collector = collectIssues()
  collector.add(issue)
  t.same(reject(issue), reject([issue]))
  t.same(reject(issue), reject(collector))
  t.end()
})

t.test('a refusal without a reason is a mistake of the author', (t) => {
  t.throws(() => reject([]), TypeError)
  t.throws(() => reject(collectIssues()), TypeError)
  t.end()
})

t.test('acceptance keeps at most a hundred warnings', (t) => {
  t.equal(accept({}, Array(101).fill(issue)).warnings.length, MAX_ISSUES)
  t.same(accept(), { ok: true, facts: {}, warnings: [] })
  t.end()
})
