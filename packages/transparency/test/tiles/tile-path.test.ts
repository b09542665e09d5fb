import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parseTilePath, tilePath, tileWidthAt } from '../../src/index.ts'
import { anyText } from '../mutations.ts'

const malformed = { name: 'MalformedError' }

t.test(
  'writes the index in groups of three digits, all but the last with an x',
  async (t) => {
    t.equal(tilePath(0, 0), 'tile/0/000')
    t.equal(tilePath(0, 999), 'tile/0/999')
    t.equal(tilePath(1, 1_000), 'tile/1/x001/000')
    t.equal(tilePath(63, 1_234_067), 'tile/63/x001/x234/067')
    t.equal(tilePath(0, 1_067, 112), 'tile/0/x001/067.p/112')
    t.equal(tilePath('entries', 273, 256), 'tile/entries/273')
    t.equal(tilePath('entries', 273, 1), 'tile/entries/273.p/1')
  },
)

t.test('reads back what it wrote', async () => {
  const level = fc.oneof(fc.nat({ max: 63 }), fc.constant('entries' as const))
  const index = fc.oneof(fc.nat({ max: 2_000_000 }), fc.maxSafeNat())
  fc.assert(
    fc.property(level, index, fc.integer({ min: 1, max: 256 }), (level, index, width) => {
      const path = tilePath(level, index, width)
      assert.match(path, /^tile\/(entries|\d+)(\/x\d{3})*\/\d{3}(\.p\/\d+)?$/)
      assert.deepEqual(parseTilePath(path), { level, index, width })
    }),
  )
})

t.test('refuses what is not exactly a path', async (t) => {
  for (const unfit of [
    '',
    'tile',
    'tile/0',
    'tile/0/',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000',
    'tile/0/x000/067',
    'tile/0/001/067',
    'tile/0/x001/x067',
    'tile/0/x001/x067/',
    'tile/0/x1/067',
    'tile/00/067',
    'tile/64/067',
    'tile/-1/067',
    'tile/data/067',
    'tile/Entries/067',
    'tile/0/067.p',
    'tile/0/067.p/',
    'tile/0/067.p/0',
    'tile/0/067.p/01',
    'tile/0/067.p/256',
    'tile/0/067.p/999',
    'tile/0/067.p/1/',
    'tile/0/067/1',
    '/tile/0/067',
    ' tile/0/067',
    'tile/0/067\n',
    'tile/0/../067',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x999/x999/x999/x999/x999/999',
    `tile/0/${'x001/'.repeat(10_000)}001`,
    'tile/8/000/x001',
    'tile/0/٠٠١',
  ]) {
    t.throws(() => parseTilePath(unfit), malformed, JSON.stringify(unfit.slice(0, 60)))
  }
})

t.test('refuses numbers out of their bounds', async (t) => {
  for (const [level, index, width] of [
    [-1, 0, 1],
    [64, 0, 1],
    [0.5, 0, 1],
    [0, -1, 1],
    [0, 2 ** 53, 1],
    [0, 0, 0],
    [0, 0, 257],
    [0, 0, 1.5],
  ] as const) {
    t.throws(() => tilePath(level, index, width), { name: 'RangeError' })
  }
})

t.test('writes again what it reads, and refuses the rest as malformed', async () => {
  const digits = fc.string({
    unit: fc.constantFrom('0', '1', '9', 'x', '/', '.', 'p'),
    maxLength: 12,
  })
  const path = fc.oneof(
    digits.map((rest) => `tile/0/${rest}`),
    digits.map((rest) => `tile/entries/${rest}`),
    anyText('tile/', '/001', 'x001', '.p/').map(String),
  )
  fc.assert(
    fc.property(path, (path) => {
      try {
        const { level, index, width } = parseTilePath(path)
        assert.equal(tilePath(level, index, width), path)
      } catch (error) {
        assert.match(String(error), /^MalformedError: /)
      }
    }),
    { numRuns: 2_000 },
  )
})

t.test('tells how wide the tiles of a log are', async (t) => {
  const widths = (size: number, level: number, indexes: number[]) =>
    indexes.map((index) => tileWidthAt(level, index, size))
  t.strictSame(widths(70_000, 0, [0, 272, 273, 274]), [256, 256, 112, 0])
  t.strictSame(widths(70_000, 1, [0, 1, 2]), [256, 17, 0])
  t.strictSame(widths(70_000, 2, [0, 1]), [1, 0])
  t.strictSame(widths(70_000, 3, [0]), [0])
  t.strictSame([widths(256, 0, [0, 1]), widths(256, 1, [0])], [[256, 0], [1]])
  t.strictSame(widths(0, 0, [0]), [0])
  t.throws(() => tileWidthAt(0, 0, -1), { name: 'RangeError' })
})
