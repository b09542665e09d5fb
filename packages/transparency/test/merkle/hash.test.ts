import { createHash } from 'node:crypto'
import t from 'tap'
import { leafHash, leafHashOfText, nodeHash } from '../../src/index.ts'

t.test(
  'hashes a leaf as SHA-256 of 00 and the record, whatever its length',
  async (t) => {
    for (const length of [0, 1, 31, 64, 700, 65_534, 65_535, 65_536, 200_000]) {
      const record = Buffer.alloc(length, 'record ')
      const expected = createHash('sha256')
        .update(Buffer.of(0))
        .update(record)
        .digest('hex')
      t.equal(leafHash(record).toString('hex'), expected, `${length} bytes`)
    }
  },
)

t.test('hashes a text as its bytes', async (t) => {
  for (const length of [0, 1, 700, 21_844, 21_845, 21_846, 65_535, 200_000]) {
    const record = 'é😀 record '
      .repeat(length / 4)
      .slice(0, length)
      .toWellFormed()
    const expected = leafHash(Buffer.from(record)).toString('hex')
    t.equal(leafHashOfText(record), expected, `${length} units`)
  }
})

t.test('gives each leaf a hash of its own, that later ones do not change', async (t) => {
  const long = leafHash(Buffer.from('a longer record'))
  const before = long.toString('hex')
  t.not(leafHash(Buffer.from('short')).toString('hex'), before)
  t.equal(long.toString('hex'), before)
  t.equal(leafHash(Buffer.from('a longer record')).toString('hex'), before)
})

t.test('hashes a node as SHA-256 of 01 and both sides', async (t) => {
  const left = leafHash(Buffer.from('left'))
  const right = leafHash(Buffer.from('right'))
  const input = Buffer.concat([Buffer.of(1), left, right])
  t.strictSame(nodeHash(left, right), createHash('sha256').update(input).digest())
})

t.test('refuses a side that is not a hash', async (t) => {
  const hash = leafHash(Buffer.from('leaf'))
  const error = { name: 'RangeError', message: 'a hash has 32 bytes, not 31' }
  t.throws(() => nodeHash(hash, hash.subarray(1)), error)
  t.throws(() => nodeHash(hash.subarray(1), hash), error)
})
