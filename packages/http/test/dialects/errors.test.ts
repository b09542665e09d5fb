import { CustodyError, errorTable } from '@custody/domain/errors'
import t from 'tap'
import { dialectNamed, dialectNames } from '../../src/index.ts'

const keys = Object.keys(errorTable).filter(
  (key): key is keyof typeof errorTable => key in errorTable,
)

/** Status and type of every error in a dialect. */
function errorsOf(name: string) {
  const dialect = dialectNamed(name)
  return keys.map((key) => {
    const shown: { error?: Record<string, unknown> } = dialect.presentError(
      new CustodyError(key, 'It is wrong.', { param: 'file', extra: { more: 1 } }),
    )
    return { key, status: dialect.statusOf(key), error: shown.error ?? {} }
  })
}

t.test('every error has the envelope in every dialect, and says no less', async (t) => {
  for (const name of dialectNames) {
    for (const { key, status, error } of errorsOf(name)) {
      t.ok(status >= 400 && status < 600, `${name}: ${key}`)
      const members = ['message', 'type', 'param', 'code', 'more']
      t.same(Object.keys(error), members, `${name}: ${key}`)
      t.same(error.code, errorTable[key].code, 'the code is the same in all of them')
    }
  }
})

t.test('gravix has the four types of its document and no other', async (t) => {
  const byStatus: Record<number, string> = {
    413: 'file_too_large',
    429: 'rate_limit_exceeded',
    500: 'api_error',
    503: 'api_error',
  }
  for (const { key, status, error } of errorsOf('gravix')) {
    const other =
      errorTable[key].type === 'server_error' ? 'api_error' : 'invalid_request_error'
    t.equal(error.type, byStatus[status] ?? other, key)
  }
})

t.test(
  'melious has a type of its own for 401, and 400 for a file too large',
  async (t) => {
    for (const { key, status, error } of errorsOf('melious')) {
      t.equal(error.type === 'authentication_error', status === 401, key)
      const expected = key === 'file_too_large' ? 400 : errorTable[key].status
      t.equal(status, expected, key)
    }
  },
)
