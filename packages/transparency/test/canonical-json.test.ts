import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { canonicalBytes, canonicalJson } from '../src/index.ts'

/** RFC 8785 Appendix B: IEEE 754 bits and the text of the number. */
const numbers: readonly (readonly [bits: string, text: string])[] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
]

function fromBits(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE()
}

t.test('writes the numbers of RFC 8785 Appendix B', async (t) => {
  for (const [bits, text] of numbers) {
    t.equal(canonicalJson(fromBits(bits)), text, bits)
  }
})

t.test('writes numbers around the bounds of the two notations', async (t) => {
  t.equal(canonicalJson(0.1 + 0.2), '0.30000000000000004')
  t.equal(canonicalJson(2 ** 53 - 1), '9007199254740991')
  t.equal(canonicalJson(-(2 ** 31)), '-2147483648')
  t.equal(canonicalJson(123456789012345680000), '123456789012345680000')
  t.equal(canonicalJson(1234567890123456800000), '1.2345678901234568e+21')
  t.equal(canonicalJson(1.5e-6), '0.0000015')
  t.equal(canonicalJson(1.5e-7), '1.5e-7')
  t.equal(canonicalJson(2 ** -1022), '2.2250738585072014e-308')
})

t.test('writes a number so that it reads back as itself', async () => {
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (number) => {
      assert.equal(Number(canonicalJson(number)), number === 0 ? 0 : number)
    }),
  )
})

t.test(
  'writes the example of RFC 8785 section 3.2 as the RFC does, byte for byte',
  async (t) => {
    const input = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`)
    const hex = `
    7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72
    75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a
    5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31
    65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37
    5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30
    30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d`
    t.equal(canonicalBytes(input).toString('hex'), hex.replaceAll(/\s/g, ''))
  },
)

t.test(
  'sorts keys by UTF-16 code units, as the example of RFC 8785 section 3.2.3',
  async (t) => {
    const input = JSON.parse(String.raw`{
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis"
  }`)
    t.strictSame(canonicalJson(input).match(/[A-Z][^"]*/g), [
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ])
  },
)

t.test('writes structures without white space, and sorts at every depth', async (t) => {
  const cases: readonly (readonly [input: string, text: string])[] = [
    ['[ 7, { "b": [ ], "2": { }, "10": null } ]', '[7,{"10":null,"2":{},"b":[]}]'],
    [
      '{"a": 1, "A": 2, "": 3, "aa": 4, "Z": {"y": [[]], "x": 5.0}}',
      '{"":3,"A":2,"Z":{"x":5,"y":[[]]},"a":1,"aa":4}',
    ],
    [
      '{"cöte": 1, "cote": 2, "coté": 3, "côte": 4}',
      '{"cote":2,"coté":3,"côte":4,"cöte":1}',
    ],
    ['{"__proto__": {"b": 1, "a": 2}}', '{"__proto__":{"a":2,"b":1}}'],
    ['"<script>\\u2028/\\u007f"', '"<script>\u2028/\u007f"'],
    ['-0', '0'],
  ]
  for (const [input, text] of cases) t.equal(canonicalJson(JSON.parse(input)), text)
})

t.test('leaves composed and decomposed characters as they are', async (t) => {
  t.equal(canonicalJson({ x: 'A\u030a' }), '{"x":"A\u030a"}')
  t.not(canonicalJson('A\u030a'), canonicalJson('\u00c5'))
})

t.test('escapes only what JSON demands, whatever the length of the text', async (t) => {
  for (const padding of ['', '-'.repeat(100)]) {
    for (let unit = 0; unit < 0x3000; unit++) {
      const text = `${padding}${String.fromCharCode(unit)}`
      if (canonicalJson(text) !== JSON.stringify(text)) t.fail(`U+${unit.toString(16)}`)
    }
  }
  t.equal(canonicalJson('\b\t\n\f\r"\\/\u0001'), '"\\b\\t\\n\\f\\r\\"\\\\/\\u0001"')
})

t.test('sorts many keys as it sorts few', async (t) => {
  const keys = Array.from({ length: 300 }, (_, index) => `k${(index * 7919) % 300}`)
  for (const count of [2, 23, 24, 25, 26, 300]) {
    const some = keys.slice(0, count)
    const text = canonicalJson(Object.fromEntries(some.map((key) => [key, 0])))
    t.strictSame(Object.keys(JSON.parse(text)), [...some].sort(), `${count} keys`)
  }
})

t.test('takes an object without a prototype', async (t) => {
  t.equal(
    canonicalJson(Object.assign(Object.create(null), { b: 1, a: 2 })),
    '{"a":2,"b":1}',
  )
})

t.test('reads back as the value that was written', async () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      // JSON has one zero only.
      const expected: unknown = JSON.parse(JSON.stringify(value))
      assert.deepEqual(JSON.parse(canonicalJson(value)), expected)
    }),
  )
})

t.test('writes the same text in whatever order the keys came', async () => {
  const entries = fc.uniqueArray(
    fc.tuple(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' })),
    { selector: ([key]) => key, maxLength: 40 },
  )
  fc.assert(
    fc.property(
      entries.chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray(list, { minLength: list.length }),
        ),
      ),
      ([list, shuffled]) => {
        assert.equal(
          canonicalJson(Object.fromEntries(shuffled)),
          canonicalJson(Object.fromEntries(list)),
        )
      },
    ),
  )
})

t.test('refuses what JSON cannot say, and names the path', async (t) => {
  const high = '\ud83d'
  const cases: readonly (readonly [value: unknown, message: RegExp])[] = [
    [undefined, /^undefined has no canonical JSON \(at \$\)/],
    [{ a: { b: undefined } }, /^undefined .*\(at \$\.a\.b\)/],
    [[1, { x: [0, undefined] }], /\(at \$\[1\]\.x\[1\]\)/],
    [{ a: [1, 2], b: Number.NaN }, /^the number NaN .*\(at \$\.b\)/],
    [
      { 'a key': [Number.POSITIVE_INFINITY] },
      /^the number Infinity .*\(at \$\["a key"\]\[0\]\)/,
    ],
    [[Number.NEGATIVE_INFINITY], /^the number -Infinity/],
    [{ n: 1n }, /^a bigint .*\(at \$\.n\)/],
    [{ f: () => 1 }, /^a function .*\(at \$\.f\)/],
    [{ s: Symbol('x') }, /^a symbol .*\(at \$\.s\)/],
    [{ d: new Date(0) }, /^an object of class Date .*\(at \$\.d\)/],
    [{ m: new Map() }, /^an object of class Map/],
    [{ b: Buffer.from('x') }, /^an object of class Buffer/],
    [Object.create({ inherited: 1 }), /^an object/],
    [new Array(1), /^undefined .*\(at \$\[0\]\)/],
    [{ t: [`a${high}b`] }, /^a text with a lone surrogate .*\(at \$\.t\[0\]\)/],
    [{ t: `${'-'.repeat(100)}\ude00` }, /^a text with a lone surrogate .*\(at \$\.t\)/],
    [{ [high]: 1 }, /^a text with a lone surrogate .*\(at \$\["\\ud83d"\]\)/],
  ]
  for (const [value, message] of cases) {
    t.throws(() => canonicalJson(value), { name: 'TypeError', message })
    t.throws(() => canonicalBytes(value), { name: 'TypeError', message })
  }
})

t.test('refuses a circular value, and takes one that is nested 1,000 deep', async (t) => {
  const circular: unknown[] = []
  circular.push(circular)
  t.throws(() => canonicalJson(circular), {
    name: 'TypeError',
    message: /nested deeper than 1000/,
  })
  const deep = `${'['.repeat(1_000)}${']'.repeat(1_000)}`
  t.equal(canonicalJson(JSON.parse(deep)), deep)
  t.throws(() => canonicalJson(JSON.parse(`[${deep}]`)), TypeError)
})
