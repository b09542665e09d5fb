import { canonicalJson } from '@custody/transparency'
import fc from 'fast-check'
import t from 'tap'
import {
  isCanonical,
  isPlainJson,
  isPlainText,
} from '../../../src/verify/range/is-canonical.ts'

const texts: Record<string, boolean> = {
  '{}': true,
  '[]': true,
  '""': true,
  '{"a":1,"b":[true,false,null,-7,0],"c":{"d":"é\u2028"}}': true,
  '{"10":1,"9":2}': true,
  '{"9":2,"10":1}': false,
  '{"a":1,"a":2}': false,
  '{"b":1,"a":2}': false,
  '{"":1,"a":2,"a b":3,"a!":4,"ab":5}': true,
  '{"a!":1,"a b":2}': false,
  '{"a!":1,"a":2}': false,
  '{"a":1,"a!":2}': true,
  '{"__proto__":1,"a":2}': true,
  '{"a":1}x': false,
  '{"a":1': false,
  '{"a":1,}': false,
  '{"a" :1}': false,
  '[1,]': false,
  '[1 ]': false,
  '-0': false,
  '-': false,
  '01': false,
  '1.0': false,
  '1.5': true,
  '1e21': false,
  '1e+21': true,
  '9007199254740993': false,
  '9007199254740992': true,
  '1e999': false,
  '"\\n"': true,
  '"\\u000a"': false,
  '"\\/"': false,
  '"\n"': false,
  '"\\ud800"': false,
  '"😀"': true,
  '"\ud800"': false,
  '"\uffff"': true,
  nul: false,
  '': false,
  ' 1': false,
}

t.test('a text is canonical, or is not', async (t) => {
  const wrong = Object.keys(texts).filter((text) => isCanonical(text) !== texts[text])
  t.same(wrong, [])
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  for (const levels of [31, 32, 33, 1000])
    t.ok(isCanonical(deep(levels)), `${levels} deep`)
  t.notOk(isCanonical(deep(1001)))
  t.notOk(isCanonical(deep(1_000_000)))
})

t.test('a part of a text is plain up to its very end', async (t) => {
  const text = '{"a":[1,2],"b":"c"}'
  t.ok(isPlainJson(text))
  t.ok(isPlainJson(text, 5, 10))
  for (const [start, end] of [
    [5, 9],
    [5, 11],
    [5, 18],
    [4, 10],
    [6, 10],
    [0, 18],
    [19, 19],
  ]) {
    t.notOk(isPlainJson(text, start, end), `${start} to ${end}`)
  }
})

t.test('a plain text needs no escapes', async (t) => {
  for (const text of ['', 'key:a_b', '~ !#[]']) t.ok(isPlainText(text))
  for (const text of [
    '"',
    '\\',
    '\n',
    '\u007f',
    'é',
    '\ufffd',
    '😀',
    1,
    null,
    Buffer.of(65),
  ])
    t.notOk(isPlainText(text))
})

function decide(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text)) === text
  } catch {
    return false
  }
}

t.test('what is canonical, parsing and writing it anew tells, too', async (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => isCanonical(canonicalJson(value))),
    { numRuns: 1000 },
  )
  const change = fc.tuple(
    fc.jsonValue({ maxDepth: 3 }),
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    fc.constantFrom(...'{}[],:"\\ 0123456789-.eE+abnu\u0000\ud800é'),
    fc.constantFrom(0, 1),
  )
  fc.assert(
    fc.property(change, ([value, place, unit, removed]) => {
      const text = canonicalJson(value)
      const at = Math.floor(place * (text.length + 1))
      const changed = text.slice(0, at) + unit + text.slice(at + removed)
      return isCanonical(changed) === decide(changed)
    }),
    { numRuns: 5000 },
  )
  t.pass()
})
