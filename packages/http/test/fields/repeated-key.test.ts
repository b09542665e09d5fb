import { equal } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { repeatedKey } from '../../src/fields/values/repeated-key.ts'

t.test('a key that comes twice in one object is found, at any depth', async (t) => {
  for (const [json, key] of [
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['[{"b":{"c":[],"d":"c","c":{}}}]', 'c'],
    ['{"a":{"x":1},"b":[{"x":1}],"a":0}', 'a'],
    ['{ "a,\\"b" : "{" , "a,\\"b" : "}" }', 'a,"b'],
    ['{"":1,"":2}', ''],
  ] as const) {
    t.equal(repeatedKey(json), key, json)
  }
})

t.test('no other JSON is said to have one', async (t) => {
  for (const json of ['1', '"a"', '[]', '{}', '["a","a"]', '{"a":"a","b":["a"]}']) {
    t.equal(repeatedKey(json), undefined, json)
  }
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.nat(2), (json, space) => {
      equal(repeatedKey(JSON.stringify(JSON.parse(json), null, space)), undefined)
    }),
  )
})
