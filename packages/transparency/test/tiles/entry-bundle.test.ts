import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decodeEntryBundle, encodeEntryBundle } from '../../src/index.ts'

const malformed = { name: 'MalformedError' }

t.test('writes each entry after its length, the higher byte first', async (t) => {
  const bundle = encodeEntryBundle([
    Buffer.from('ab'),
    Buffer.alloc(0),
    Buffer.alloc(258, 7),
  ])
  t.equal(bundle.subarray(0, 8).toString('hex'), '0002616200000102')
  t.equal(bundle.length, 2 + 2 + 2 + 2 + 258)
})

t.test('reads back what it wrote', async () => {
  const entries = fc.array(fc.uint8Array({ maxLength: 700 }), {
    minLength: 1,
    maxLength: 256,
  })
  fc.assert(
    fc.property(entries, (entries) => {
      const decoded = decodeEntryBundle(encodeEntryBundle(entries))
      assert.deepEqual(
        decoded,
        entries.map((entry) => Buffer.from(entry)),
      )
    }),
  )
})

t.test('takes 256 entries of 65,535 bytes, and no more', async (t) => {
  const longest = Buffer.alloc(65_535, 1)
  const full = encodeEntryBundle(new Array(256).fill(longest))
  t.equal(decodeEntryBundle(full).length, 256)
  t.ok(decodeEntryBundle(full)[255]?.equals(longest))
  t.throws(() => encodeEntryBundle([Buffer.alloc(65_536)]), {
    name: 'RangeError',
    message: 'an entry has at most 65535 bytes, not 65536',
  })
  t.throws(() => encodeEntryBundle(new Array(257).fill(Buffer.alloc(0))), {
    name: 'RangeError',
  })
  t.throws(() => encodeEntryBundle([]), { name: 'RangeError' })
  t.throws(() => decodeEntryBundle(Buffer.alloc(2 * 257)), malformed)
})

t.test('refuses bytes that end within an entry, and no bytes', async (t) => {
  const bundle = encodeEntryBundle([Buffer.from('abc'), Buffer.from('defg')])
  for (let end = 0; end < bundle.length; end++) {
    if (end === 5) t.equal(decodeEntryBundle(bundle.subarray(0, end)).length, 1)
    else
      t.throws(
        () => decodeEntryBundle(bundle.subarray(0, end)),
        malformed,
        `${end} bytes`,
      )
  }
})

t.test('reads any bytes as the one bundle that they are, or as malformed', async () => {
  const length = fc.constantFrom(0, 1, 2, 255)
  const bytes = fc
    .array(fc.tuple(fc.constantFrom(0, 0, 0, 1), length, fc.uint8Array({ maxLength: 4 })))
    .map((parts) =>
      Buffer.concat(parts.map(([high, low, rest]) => Buffer.of(high, low, ...rest))),
    )
  fc.assert(
    fc.property(bytes, (bytes) => {
      try {
        assert.deepEqual(encodeEntryBundle(decodeEntryBundle(bytes)), bytes)
      } catch (error) {
        assert.match(String(error), /^MalformedError: /)
      }
    }),
    { numRuns: 1_000 },
  )
})
