import t from 'tap'
import { CustodyError } from '../../src/index.ts'

t.test('an error has the code of its row, unless it has its own', async (t) => {
  t.match(new CustodyError('overloaded', 'm'), {
    name: 'CustodyError',
    message: 'm',
    key: 'overloaded',
    code: 'overloaded',
    param: null,
    row: { status: 503 },
  })
  t.equal(new CustodyError('validation_failed', 'm', { code: 'own' }).code, 'own')
  t.equal(new CustodyError('file_not_found', 'm').code, null)
})

t.test('an error crosses a thread', async (t) => {
  const errors = [
    new CustodyError('invalid_purpose', 'm'),
    new CustodyError('validation_failed', 'm', {
      code: 'own',
      param: 'file',
      extra: { issues: [1] },
      headers: { 'retry-after': '1' },
      cause: new Error('of our own'),
    }),
  ]
  for (const error of errors) {
    const revived = CustodyError.revive(JSON.parse(JSON.stringify(error.toData())))
    t.ok(revived instanceof CustodyError)
    t.same(revived.toData(), error.toData())
    t.equal(revived.cause, undefined, 'a cause stays where it was')
  }
})
