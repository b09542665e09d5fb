import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  parseFileId,
  parsePrefixedId,
  prefixedId,
  toFileId,
  uuidv7,
} from '../src/index.ts'

const random = fc.uint8Array({ minLength: 10, maxLength: 10 })
const time = fc.nat({ max: 2 ** 48 - 1 })

t.test('a UUIDv7 has the layout of RFC 9562', async () => {
  fc.assert(
    fc.property(time, random, (ms, bytes) => {
      const id = uuidv7(ms, bytes)
      const hex = id.replaceAll('-', '')
      return (
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(
          id,
        ) && Number.parseInt(hex.slice(0, 12), 16) === ms
      )
    }),
  )
})

t.test('the example of RFC 9562, appendix A.6', async (t) => {
  // rand_a 0xCC3, rand_b 0b01 and 0x8C4DC0C0C07398F, in the order in which the bits are taken.
  const bytes = Buffer.from('cc318c4dc0c0c07398f0', 'hex')
  const id = uuidv7(0x017f22e279b0, bytes)
  t.equal(id, '017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
})

t.test('later ids sort after earlier ones', async () => {
  fc.assert(
    fc.property(time, time, random, random, (one, other, first, second) => {
      fc.pre(one !== other)
      return uuidv7(one, first) < uuidv7(other, second) === one < other
    }),
  )
})

t.test('ids of one millisecond differ', async (t) => {
  const ids = Array.from({ length: 10_000 }, () => uuidv7(1_000, randomBytes(10)))
  t.equal(new Set(ids).size, ids.length)
})

t.test('every random bit but the six that are fixed is used', async (t) => {
  const zero = uuidv7(0, new Uint8Array(10))
  let used = 0
  for (let bit = 0; bit < 80; bit += 1) {
    const bytes = new Uint8Array(10)
    bytes[bit >> 3] = 0x80 >> (bit & 7)
    if (uuidv7(0, bytes) !== zero) used += 1
  }
  t.equal(used, 74)
})

t.test('too little randomness is refused', async (t) => {
  t.throws(() => uuidv7(0, new Uint8Array(9)), { message: /10 random bytes/ })
})

t.test('bytes are taken from where a view begins', async (t) => {
  const bytes = randomBytes(30)
  t.equal(uuidv7(5, bytes.subarray(20)), uuidv7(5, Uint8Array.from(bytes.subarray(20))))
})

t.test('both forms of a file id mean the same file', async () => {
  fc.assert(
    fc.property(time, random, (ms, bytes) => {
      const id = uuidv7(ms, bytes)
      const shown = toFileId(id)
      return (
        /^file-[0-9a-f]{32}$/.test(shown) &&
        parseFileId(shown) === id &&
        parseFileId(id) === id
      )
    }),
  )
})

const id = '01890a5d-ac96-774b-bcce-b302099a8057'
const neither = [
  '',
  'file-',
  `file-${id}`,
  toFileId(id).toUpperCase(),
  id.toUpperCase(),
  id.replaceAll('-', ''),
  `${id} `,
  `${id}\n`,
  `${toFileId(id)}0`,
  toFileId(id).slice(0, -1),
  `files-${id.replaceAll('-', '')}`,
]
for (const text of neither) {
  t.test(`${JSON.stringify(text)} is no file id`, async (t) => {
    t.equal(parseFileId(text), undefined)
  })
}

t.test('other ids have a prefix and the same digits', async (t) => {
  t.equal(prefixedId('proj_', id), 'proj_01890a5dac96774bbcceb302099a8057')
})

t.test('an id with a prefix is read back, and nothing else', async (t) => {
  const uuid = '01890a5d-ac96-774b-bcce-b30200000001'
  const id = prefixedId('part_', uuid)
  t.equal(parsePrefixedId('part_', id), uuid)
  t.equal(parsePrefixedId('part_', uuid), uuid, 'the plain form')
  for (const other of [
    prefixedId('upload_', uuid),
    id.toUpperCase(),
    `${id}0`,
    id.slice(0, -1),
    `${id}\n`,
    'part_',
    '',
  ]) {
    t.equal(parsePrefixedId('part_', other), undefined, other)
  }
})
