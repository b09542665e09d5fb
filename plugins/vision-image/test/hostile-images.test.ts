import { createPluginFile } from '@custody/plugin-api/reader'
import { validate } from '@custody/plugin-api/testing'
import fc from 'fast-check'
import t from 'tap'
import plugin from '../src/index.ts'
import { issueCodes } from '../src/issue-codes.ts'
import { validateImage } from '../src/validate-image.ts'
import { frame, scan, soi } from './build-jpeg.ts'
import { idat, iend, ihdr, png, pngChunk, pngSignature } from './build-png.ts'
import * as real from './real-images.ts'

const MiB = 1024 * 1024
const codes: ReadonlySet<string> = new Set(issueCodes)
const palettePng = png({ colourType: 3 }, [pngChunk('PLTE', Buffer.alloc(6)), idat])
const images = [...Object.values(real), png(), palettePng]

async function givesVerdict(content: Uint8Array): Promise<boolean> {
  const verdict = await validate(plugin, content)
  const issues = verdict.ok ? verdict.warnings : verdict.issues
  return issues.every(({ code }) => codes.has(code))
}

t.test('gives a verdict on any image with bytes changed', async () => {
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  const changed = fc.tuple(fc.constantFrom(...images), fc.array(change, { maxLength: 6 }))
  await fc.assert(
    fc.asyncProperty(changed, async ([image, changes]) => {
      const copy = Buffer.from(image)
      for (const [at, byte] of changes) copy.writeUInt8(byte, at % copy.length)
      return givesVerdict(copy)
    }),
    { numRuns: 1000 },
  )
})

t.test('gives a verdict on any bytes after any beginning of an image', async () => {
  const parts = fc.tuple(
    fc.constantFrom(...images),
    fc.nat(),
    fc.uint8Array({ maxLength: 64 }),
  )
  await fc.assert(
    fc.asyncProperty(parts, ([image, cut, rest]) =>
      givesVerdict(Buffer.concat([image.subarray(0, cut % image.length), rest])),
    ),
    { numRuns: 1000 },
  )
})

t.test('refuses a PNG with any single bit changed outside its pixel data', async (t) => {
  const idatStart = palettePng.length - iend.length - idat.length
  for (let bit = 0; bit < palettePng.length * 8; bit += 1) {
    const at = bit >> 3
    if (at >= idatStart + 4 && at < palettePng.length - iend.length) continue
    const copy = Buffer.from(palettePng)
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << (bit & 7)), at)
    const verdict = await validate(plugin, copy)
    if (verdict.ok) t.fail(`was taken with bit ${bit} changed`)
  }
  t.match(await validate(plugin, palettePng), { ok: true }, 'the whole is taken')
})

t.test('reads little of large pixel data in one piece', async (t) => {
  const bytes = 500 * MiB
  const idatHead = Buffer.from([...uint32(bytes), ...Buffer.from('IDAT')])
  const start = Buffer.concat([pngSignature, ihdr(), idatHead])
  const size = start.length + bytes + 4 + iend.length
  const { verdict, asked } = await inspectSparse(size, [
    [0, start],
    [size - iend.length, iend],
  ])
  t.match(verdict, { ok: true })
  t.ok(asked <= 128 * 1024, `${asked} bytes were asked for`)
})

t.test('asks for each byte of entropy-coded data about once', async (t) => {
  const start = Buffer.concat([soi, frame(), scan])
  const size = 3 * MiB
  const end = Buffer.from([0xff, 0xd9])
  const { verdict, asked } = await inspectSparse(size, [
    [0, start],
    [size - 2, end],
  ])
  t.match(verdict, { ok: true, warnings: [] })
  t.ok(asked <= size * 1.01, `${asked} bytes were asked for`)
})

t.test('finds a marker on both sides of every border between two reads', async (t) => {
  const start = Buffer.concat([soi, frame(), scan])
  const marker = Buffer.from([0xff, 0xd9])
  for (let at = 64 * 1024 - 3; at <= 64 * 1024 + 1; at += 1) {
    const { verdict } = await inspectSparse(at + 2, [
      [0, start],
      [at, marker],
    ])
    t.match(verdict, { ok: true, warnings: [] }, `marker at ${at}`)
  }
})

t.test('stops when nobody waits any more', async (t) => {
  const abort = new AbortController()
  const { signal } = abort
  const source = {
    size: 10 * MiB,
    read(start: number, end: number) {
      if (start > 0) abort.abort(new Error('nobody waits'))
      const bytes = Buffer.alloc(end - start)
      if (start === 0) Buffer.concat([soi, frame(), scan]).copy(bytes)
      return bytes
    },
  }
  const file = createPluginFile(source, { name: 'a.jpg', purpose: 'vision', signal })
  await t.rejects(validateImage(file, { options: {}, signal }), /nobody waits/)
})

/** Inspects a file of zeros with these pieces in it, and counts the bytes that were asked for. */
async function inspectSparse(
  size: number,
  pieces: readonly (readonly [offset: number, bytes: Buffer])[],
) {
  let asked = 0
  const { signal } = new AbortController()
  const source = {
    size,
    read(start: number, end: number) {
      asked += end - start
      const bytes = Buffer.alloc(Math.min(end, size) - start)
      for (const [offset, piece] of pieces) {
        if (offset >= end || offset + piece.length <= start) continue
        const seen = piece.subarray(Math.max(0, start - offset), end - offset)
        bytes.set(seen, Math.max(0, offset - start))
      }
      return bytes
    },
  }
  const file = createPluginFile(source, { name: 'image', purpose: 'vision', signal })
  return { verdict: await validateImage(file, { options: {}, signal }), asked }
}

function uint32(value: number): readonly number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}
