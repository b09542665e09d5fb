import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { openSealedBox, readSealed } from '../../src/sealed/read-sealed.ts'
import { sealContent } from '../../src/sealed/seal-content.ts'
import { unwrapKey, wrapKey } from '../../src/sealed/wrap-key.ts'

const damaged = { code: 'content_damaged' }
const extentId = '01980000-0000-7000-8000-000000000001'

t.test('small content comes back from its box, whichever it is', async () => {
  await fc.assert(
    fc.property(
      fc.constantFrom('encrypt' as const, 'compress+encrypt' as const),
      fc.oneof(
        fc.uint8Array({ maxLength: 2000 }),
        fc.nat(2000).map((n) => Buffer.alloc(n, 'ab')),
      ),
      (mode, content) => {
        const dataKey = randomBytes(32)
        const { format, stored } = sealContent(mode, dataKey, content)
        const back = openSealedBox({ format, dataKey, bytes: content.length }, stored)
        return Buffer.from(back).equals(content)
      },
    ),
  )
})

t.test('a box is AES-256-GCM with a nonce of zeros', async (t) => {
  // Test case 14 of the GCM specification (McGrew and Viega): key and nonce of zeros, a block of zeros.
  const { stored } = sealContent('encrypt', Buffer.alloc(32), Buffer.alloc(16))
  t.equal(
    Buffer.from(stored).toString('hex'),
    'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
  )
})

t.test('only what shrinks is compressed', async (t) => {
  const dataKey = randomBytes(32)
  const formatOf = (content: Uint8Array) =>
    sealContent('compress+encrypt', dataKey, content).format
  t.equal(formatOf(Buffer.alloc(4096, 'abc ')), 'sealed-box+zstd')
  t.equal(formatOf(randomBytes(4096)), 'sealed-box')
  t.equal(formatOf(Buffer.from('abc')), 'sealed-box')
})

t.test('a flipped bit, a missing byte or another key opens no box', async (t) => {
  const dataKey = randomBytes(32)
  const content = Buffer.from('the content of a small file')
  const { format, stored } = sealContent('encrypt', dataKey, content)
  const open = (key: Uint8Array, box: Uint8Array, bytes = content.length) =>
    openSealedBox({ format, dataKey: key, bytes }, box)
  for (let at = 0; at < stored.length; at += 1) {
    const flipped = Buffer.from(stored)
    flipped[at] = (flipped[at] ?? 0) ^ 4
    t.throws(() => open(dataKey, flipped), damaged)
  }
  t.throws(() => open(dataKey, stored.subarray(1)), damaged)
  t.throws(() => open(dataKey, stored.subarray(0, 9)), damaged)
  t.throws(() => open(randomBytes(32), stored), damaged)
  t.throws(() => open(dataKey, stored, content.length + 1), damaged, 'another length')
})

t.test('a range of a box is a part of it', async (t) => {
  const dataKey = randomBytes(32)
  const content = Buffer.from('the content of a small file')
  const { format, stored } = sealContent('encrypt', dataKey, content)
  const extent = { format, dataKey, bytes: content.length, storedBytes: stored.length }
  const chunks: Uint8Array[] = []
  const read = (start: number, end: number) => [stored.subarray(start, end)]
  for await (const chunk of readSealed(extent, read, { start: 4, end: 11 })) {
    chunks.push(chunk)
  }
  t.equal(Buffer.concat(chunks).toString(), 'content')
})

t.test('a wrapped key is good for its extent and its master key only', async (t) => {
  const masterKey = randomBytes(32)
  const dataKey = randomBytes(32)
  const wrapped = wrapKey(masterKey, { dataKey, extentId }, randomBytes(12))
  t.equal(wrapped.length, 60)
  t.same(unwrapKey(masterKey, { wrapped, extentId }), dataKey)
  t.equal(unwrapKey(randomBytes(32), { wrapped, extentId }), undefined)
  t.equal(
    unwrapKey(masterKey, { wrapped, extentId: extentId.replace('1', '2') }),
    undefined,
  )
  t.equal(unwrapKey(masterKey, { wrapped: wrapped.subarray(0, 20), extentId }), undefined)
  for (let at = 0; at < wrapped.length; at += 1) {
    const flipped = Buffer.from(wrapped)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    t.equal(unwrapKey(masterKey, { wrapped: flipped, extentId }), undefined)
  }
})
