import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { openStream } from '../../src/sealed/open-stream.ts'
import {
  HEADER_BYTES,
  SEGMENT_BYTES,
  sealedLength,
} from '../../src/sealed/segment-layout.ts'
import { StreamSealer } from '../../src/sealed/stream-sealer.ts'
import { hkdf, plainStream } from '../fixtures/plain-stream.ts'

const dataKey = Buffer.from([...Array(32).keys()])
const random = Buffer.from([...Array(39).keys()].map((n) => 200 - n))
const SMALL = 64

function seal(content: Uint8Array, segmentBytes = SMALL, chunkBytes = 50): Buffer {
  const sealer = new StreamSealer({ dataKey, random, segmentBytes })
  const pieces: Uint8Array[] = []
  for (let at = 0; at < content.length; at += chunkBytes) {
    pieces.push(...sealer.push(content.subarray(at, at + chunkBytes)))
  }
  return Buffer.concat([...pieces, ...sealer.end()])
}

type Asked = { start?: number; end?: number; segmentBytes?: number; reads?: number[][] }

async function open(stored: Uint8Array, asked: Asked = {}): Promise<Buffer> {
  const read = (start: number, end: number) => {
    asked.reads?.push([start, end])
    return [stored.subarray(start, end)]
  }
  const stream = await openStream({
    dataKey,
    read,
    storedBytes: stored.length,
    segmentBytes: asked.segmentBytes ?? SMALL,
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of stream.read(
    asked.start ?? 0,
    asked.end ?? stream.bytes,
    {},
  )) {
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const damaged = { code: 'content_damaged' }

t.test('the plain implementation derives the keys of RFC 5869', async (t) => {
  const derived = hkdf(
    'sha256',
    {
      ikm: Buffer.alloc(22, 0x0b),
      salt: Buffer.from('000102030405060708090a0b0c', 'hex'),
      info: Buffer.from('f0f1f2f3f4f5f6f7f8f9', 'hex'),
    },
    42,
  )
  t.equal(
    derived.toString('hex'),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  )
})

t.test('a stream is that of the plain implementation, however it came', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 400 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 57, max: 100 }),
      async (content, chunkBytes, segmentBytes) => {
        const stored = seal(content, segmentBytes, chunkBytes)
        const [salt, prefix] = [random.subarray(0, 32), random.subarray(32)]
        const other = plainStream(content, { ikm: dataKey, salt, prefix, segmentBytes })
        return (
          stored.equals(other) &&
          stored.length === sealedLength(content.length, segmentBytes) &&
          (await open(stored, { segmentBytes })).equals(content)
        )
      },
    ),
  )
})

t.test('associated data changes the key, as in the plain implementation', async (t) => {
  const associatedData = Buffer.from('of this stream only')
  const sealer = new StreamSealer({ dataKey, random, associatedData })
  const stored = Buffer.concat([...sealer.push(Buffer.from('abc')), ...sealer.end()])
  const [salt, prefix] = [random.subarray(0, 32), random.subarray(32)]
  const options = {
    ikm: dataKey,
    salt,
    prefix,
    aad: associatedData,
    segmentBytes: SEGMENT_BYTES,
  }
  t.same(stored, plainStream(Buffer.from('abc'), options))
  await t.rejects(open(stored, { segmentBytes: SEGMENT_BYTES }), damaged)
})

t.test('a range is read from its own segments, and from no others', async (t) => {
  const content = randomBytes(1000)
  const stored = seal(content)
  for (const [start, end, segments] of [
    [0, 1, [40, 64]],
    [7, 8, [40, 64]],
    [8, 9, [64, 128]],
    [8, 56, [64, 128]],
    [8, 57, [64, 192]],
    [500, 600, [704, 896]],
    [999, 1000, [1344, stored.length]],
  ] as const) {
    const reads: number[][] = []
    t.same(await open(stored, { start, end, reads }), content.subarray(start, end))
    t.same(reads, [[0, HEADER_BYTES], segments], `${start} to ${end}`)
  }
})

t.test('no range is longer than the content', async (t) => {
  await t.rejects(open(seal(randomBytes(100)), { start: 90, end: 101 }), damaged)
})

t.test(
  'a flipped bit in the header or in any segment is found before a byte of it',
  async (t) => {
    const content = randomBytes(300)
    const stored = seal(content)
    for (let at = 0; at < stored.length; at += 1) {
      const flipped = Buffer.from(stored)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
      await t.rejects(open(flipped), damaged)
      if (at < HEADER_BYTES) continue
      // What lies before it is right, and is given.
      const end = at < SMALL ? 0 : Math.floor(at / SMALL) * 48 - HEADER_BYTES
      t.same(await open(flipped, { end }), content.subarray(0, end))
    }
  },
)

t.test(
  'segments that were swapped, repeated, cut off or added are refused',
  async (t) => {
    const content = randomBytes(8 + 48 * 4)
    const stored = seal(content)
    const segment = (n: number) => stored.subarray(n * 64, n * 64 + 64)
    const whole = [0, 1, 2, 3, 4].map(segment)
    t.same(await open(Buffer.concat(whole)), content)
    const [a, b, c, d, e] = whole as [Buffer, Buffer, Buffer, Buffer, Buffer]
    for (const [what, parts] of Object.entries({
      swapped: [a, c, b, d, e],
      repeated: [a, b, b, c, d, e],
      'without its end': [a, b, c, d],
      'without its beginning': [b, c, d, e],
      'without one in the middle': [a, b, d, e],
      'with its end twice': [a, b, c, d, e, e],
      'with a piece of a segment': [a, b, c, d, e, a.subarray(0, 20)],
      'cut within a segment': [a, b, c, d, e.subarray(0, 40)],
      'cut within a tag': [a, b, c, d, e.subarray(0, 10)],
      'the header alone': [a.subarray(0, HEADER_BYTES)],
      nothing: [],
    })) {
      await t.rejects(open(Buffer.concat(parts)), damaged, what)
    }
  },
)

t.test('what is stored shorter than it is said to be is damaged', async (t) => {
  const stored = seal(randomBytes(300))
  const stream = await openStream({
    dataKey,
    read: (start, end) => [stored.subarray(start, Math.min(end, 200))],
    storedBytes: stored.length,
    segmentBytes: SMALL,
  })
  const chunks: Uint8Array[] = []
  const reading = async () => {
    for await (const chunk of stream.read(0, 300, {})) chunks.push(chunk)
  }
  await t.rejects(reading(), damaged)
  t.equal(Buffer.concat(chunks).length, 8 + 48 * 2, 'what was whole came')
})

t.test('another key opens nothing', async (t) => {
  const stored = seal(randomBytes(10))
  const stream = await openStream({
    dataKey: randomBytes(32),
    read: (start, end) => [stored.subarray(start, end)],
    storedBytes: stored.length,
    segmentBytes: SMALL,
  })
  const reading = async () => {
    for await (const _ of stream.read(0, 10, {})) t.fail('a byte came')
  }
  await t.rejects(reading(), damaged)
})
