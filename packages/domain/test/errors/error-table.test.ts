import { readFileSync } from 'node:fs'
import t from 'tap'
import { type ErrorRow, errorTable } from '../../src/index.ts'
import { errorsPage } from './errors-page.ts'

const rows: [string, ErrorRow][] = Object.entries(errorTable)

t.test('every row says status, type, code and what it is about', async (t) => {
  for (const [key, row] of rows) {
    t.match(key, /^[a-z]+(_[a-z]+)*$/, key)
    t.ok(row.status >= 400 && row.status <= 507, `${key}: status ${row.status}`)
    t.ok(row.code === null || /^[a-z]+(_[a-z]+)*$/.test(row.code), `${key}: ${row.code}`)
    t.match(row.about, /^[A-Z`].{10,}\.$/, `${key} is a sentence`)
    t.notMatch(row.about, /\|/, 'which fits a cell')
  }
})

t.test('the type says whose fault it is', async (t) => {
  for (const [key, { status, type }] of rows) {
    // A quota is the client's; a full disk is ours.
    const ours = status >= 500 && key !== 'storage_quota_exceeded'
    t.equal(type === 'server_error', ours, key)
    t.equal(type === 'rate_limit_error', status === 429, key)
  }
})

t.test('what the SDKs would retry in vain says no', async (t) => {
  // The SDKs retry 408, 409, 429 and 5xx on their own.
  for (const [key, { status, retry }] of rows) {
    if (status === 409) t.equal(retry, false, key)
    if (retry === false) t.ok([408, 409, 429].includes(status) || status >= 500, key)
  }
})

t.test('docs/errors.md lists exactly the table', async (t) => {
  const page = readFileSync(
    new URL('../../../../docs/errors.md', import.meta.url),
    'utf8',
  )
  t.same(
    cellsOf(page),
    cellsOf(errorsPage()),
    'else: node packages/domain/test/errors/write-errors-page.ts',
  )
})

/** The rows of a page's table, however its source is laid out. */
function cellsOf(page: string): string[][] {
  const lines = page.split('\n').filter((line) => line.startsWith('| `'))
  return lines.map((line) => line.split('|').map((cell) => cell.trim()))
}
