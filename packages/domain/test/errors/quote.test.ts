import fc from 'fast-check'
import t from 'tap'
import { quote } from '../../src/index.ts'

const cases: readonly [unknown, string][] = [
  ['plain', `'plain'`],
  ['', `''`],
  [`it's`, `'it's'`],
  ['"C:\\temp"', `'"C:\\temp"'`],
  ['a\n\t\u0000', `'a\\n\\t\\u0000'`],
  ['\u009b31m\u202e\u2066', `'\\u009b31m\\u202e\\u2066'`],
  ['\ud800', `'\\ud800'`],
  ['é😀', `'é😀'`],
  [12, `'12'`],
  [null, `'null'`],
  [undefined, `'undefined'`],
  [{ a: [1] }, `'{"a":[1]}'`],
  ['x'.repeat(64), `'${'x'.repeat(64)}'`],
  ['x'.repeat(65), `'${'x'.repeat(61)}...'`],
]
for (const [value, shown] of cases) {
  t.test(`a value is shown as ${shown}`, async (t) => t.equal(quote(value), shown))
}

t.test('nothing that is quoted steers a terminal or the direction of text', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = quote(text)
      return (
        shown.isWellFormed() &&
        !/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/u.test(shown)
      )
    }),
  )
})

t.test('a value that is nested too deep to be shown is shown by its beginning', (t) => {
  let nested: unknown = 1
  for (let depth = 0; depth < 100_000; depth++) nested = [nested]
  t.equal(quote(nested), "'[[...'")
  t.equal(quote({ nested }), "'{...'")
  t.end()
})
