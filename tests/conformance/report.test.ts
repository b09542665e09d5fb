import assert from 'node:assert/strict'
import t from 'tap'
import { type Row, rowText, runStatements, summary } from './statements/report.ts'
import { deferred, holds, notObservable } from './statements/statement.ts'

t.test('a statement that is not so fails, and the others go on', async (t) => {
  const seen: Row[] = []
  const statements = [
    holds('It lists.', async ({ api }) =>
      assert.equal((await api.list()).object, 'list'),
    ),
    holds('One is two.', async () => assert.equal(1, 2)),
    notObservable('It is fine.', 'nobody can tell'),
    deferred('It will.', 'later'),
  ]
  const provider = { name: 'openai', document: 'none', statements }
  const rows = await runStatements([provider], (row) => seen.push(row))
  t.same(seen, rows)
  t.same(
    rows.map(({ result }) => result),
    ['holds', 'fails', 'not observable', 'deferred'],
  )
  t.match(rows[1]?.note, /1 !== 2/)
  t.match(summary(rows), /openai +1 +1 +1 +1\nall +1 +1 +1 +1$/)
})

t.test('a row is one line, and one more for the reason', async (t) => {
  const row = {
    provider: 'p',
    quote: 'a\nb',
    result: 'deferred',
    note: 'not\n yet',
  } as const
  t.equal(rowText(row), '  deferred        a b\n                  not yet')
})
