import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'
import t from 'tap'
import { ContentSealer } from '../../src/sealed/content-sealer.ts'
import { openSeekable } from '../../src/sealed/open-seekable.ts'
import { openStream } from '../../src/sealed/open-stream.ts'
import { FRAME_BYTES, parseSeekTable, seekTable } from '../../src/sealed/seek-table.ts'
import { compressFrame } from '../../src/sealed/zstd-frame.ts'

const damaged = { code: 'content_damaged' }
const dataKey = randomBytes(32)

/** Text that shrinks, and in which every place differs from every other. */
function text(bytes: number): Buffer {
  const lines: string[] = []
  for (let at = 0, line = 0; at < bytes; line += 1) {
    lines.push(`{"line":${line},"square":${line * line},"text":"the same again"}\n`)
    at += lines.at(-1)?.length ?? 0
  }
  return Buffer.from(lines.join('')).subarray(0, bytes)
}

function seal(content: Uint8Array, mode: 'encrypt' | 'compress+encrypt') {
  const sealer = new ContentSealer({ mode, dataKey, random: randomBytes(39) })
  const pieces: Uint8Array[] = []
  for (let at = 0; at < content.length; at += FRAME_BYTES) {
    pieces.push(...sealer.push(content.subarray(at, at + FRAME_BYTES)))
  }
  return { stored: Buffer.concat([...pieces, ...sealer.end()]), format: sealer.format }
}

/** What other tools would see behind the seal. */
async function unseal(stored: Uint8Array): Promise<Buffer> {
  const read = (start: number, end: number) => [stored.subarray(start, end)]
  const stream = await openStream({ dataKey, read, storedBytes: stored.length })
  return collect(stream.read(0, stream.bytes, {}))
}

async function collect(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

async function openPlain(compressed: Uint8Array, reads: number[][] = []) {
  return await openSeekable({
    read: (start, end) => {
      reads.push([start, end])
      return [compressed.subarray(start, end)]
    },
    storedBytes: compressed.length,
  })
}

t.test('what is behind the seal is a file that any decoder of zstd reads', async (t) => {
  const content = text(3 * FRAME_BYTES + 4321)
  const { stored, format } = seal(content, 'compress+encrypt')
  t.equal(format, 'sealed-stream+zstd')
  t.ok(stored.length < content.length / 3)
  const compressed = await unseal(stored)
  t.ok(zstdDecompressSync(compressed).equals(content), 'by zlib of Node')
  const zstd = spawnSync('zstd', ['-d', '-c'], { input: compressed, maxBuffer: 2 ** 26 })
  if (zstd.error) t.comment('there is no zstd command here')
  else t.ok(zstd.stdout.equals(content), `by zstd -d ${zstd.stderr}`)
})

t.test('a range is unpacked from its own frames, and from no others', async (t) => {
  const content = text(5 * FRAME_BYTES + 100)
  const compressed = await unseal(seal(content, 'compress+encrypt').stored)
  const reads: number[][] = []
  const opened = await openPlain(compressed, reads)
  t.equal(opened.bytes, content.length)
  const frames = parseSeekTable(
    compressed.subarray(-(8 + 6 * 8 + 9)),
    compressed.length - (8 + 6 * 8 + 9),
  )
  const startOf = (frame: number) =>
    frames.slice(0, frame).reduce((sum, { compressedBytes }) => sum + compressedBytes, 0)
  for (const [start, end, first, last] of [
    [0, 1, 0, 0],
    [FRAME_BYTES - 1, FRAME_BYTES, 0, 0],
    [FRAME_BYTES - 1, FRAME_BYTES + 1, 0, 1],
    [3 * FRAME_BYTES, 4 * FRAME_BYTES, 3, 3],
    [5 * FRAME_BYTES + 99, 5 * FRAME_BYTES + 100, 5, 5],
    [10, content.length - 10, 0, 5],
  ] as const) {
    reads.length = 0
    const part = await collect(opened.read(start, end, {}))
    t.ok(part.equals(content.subarray(start, end)), `${start} to ${end}`)
    t.same(reads, [[startOf(first), startOf(last + 1)]])
  }
  t.equal((await collect(opened.read(7, 7, {}))).length, 0)
})

t.test('content that does not shrink is stored as it is', async (t) => {
  const noise = randomBytes(2 * FRAME_BYTES + 5)
  const { stored, format } = seal(noise, 'compress+encrypt')
  t.equal(format, 'sealed-stream')
  t.ok((await unseal(stored)).equals(noise))
})

t.test('noise in the middle of text costs next to nothing', async (t) => {
  const content = Buffer.concat([text(FRAME_BYTES), randomBytes(FRAME_BYTES), text(9)])
  const { stored, format } = seal(content, 'compress+encrypt')
  t.equal(format, 'sealed-stream+zstd')
  t.ok(stored.length < 1.2 * FRAME_BYTES)
  const opened = await openPlain(await unseal(stored))
  t.ok((await collect(opened.read(0, content.length, {}))).equals(content))
})

t.test('without compression, there is none', async (t) => {
  const content = text(FRAME_BYTES + 1)
  const { stored, format } = seal(content, 'encrypt')
  t.equal(format, 'sealed-stream')
  t.ok((await unseal(stored)).equals(content))
})

t.test('a seek table with checksums, as other writers make them, is read', async (t) => {
  const parts = ['one ', 'two ', 'three'].map((word) => Buffer.from(word))
  const frames = parts.map(compressFrame)
  const entries = frames.map((frame, n) => {
    const entry = Buffer.alloc(12)
    entry.writeUInt32LE(frame.length, 0)
    entry.writeUInt32LE(parts[n]?.length ?? 0, 4)
    return entry
  })
  const head = Buffer.from('5e2a4d18000000000', 'hex')
  head.writeUInt32LE(3 * 12 + 9, 4)
  const footer = Buffer.from('0300000080b1ea928f', 'hex')
  const compressed = Buffer.concat([...frames, head, ...entries, footer])
  const opened = await openPlain(compressed)
  t.equal((await collect(opened.read(2, 11, {}))).toString(), 'e two thr')
})

t.test('a seek table is the one of the specification, byte by byte', async (t) => {
  const table = seekTable([
    { compressedBytes: 0x0102, bytes: 0x100000 },
    { compressedBytes: 3, bytes: 4 },
  ])
  t.equal(
    Buffer.from(table).toString('hex'),
    '5e2a4d18' +
      '19000000' +
      '0201000000001000' +
      '0300000004000000' +
      '02000000' +
      '00' +
      'b1ea928f',
  )
})

t.test('what is no seek table, or does not fit its frames, is damaged', async (t) => {
  const frame = compressFrame(Buffer.from('content'))
  const table = Buffer.from(seekTable([{ compressedBytes: frame.length, bytes: 7 }]))
  const good = Buffer.concat([frame, table])
  const opened = await openPlain(good)
  t.equal((await collect(opened.read(0, 7, {}))).toString(), 'content')
  const changed = (at: number, value: number) => {
    const other = Buffer.from(good)
    other[(at + other.length) % other.length] = value
    return other
  }
  for (const [what, bytes] of Object.entries({
    'no footer': good.subarray(0, 5),
    'another magic number at its end': changed(-1, 0),
    'a reserved bit': changed(-5, 4),
    'more frames than there is room for': changed(-9, 255),
    'fewer frames': changed(-9, 0),
    'another magic number': changed(frame.length, 1),
    'another size': changed(frame.length + 4, 1),
    'other lengths': changed(frame.length + 8, 1),
  })) {
    await t.rejects(openPlain(bytes), damaged, what)
  }
})

t.test('a frame that is not as long as the table says is damaged', async (t) => {
  const frame = compressFrame(Buffer.from('content'))
  for (const bytes of [6, 8]) {
    const table = seekTable([{ compressedBytes: frame.length, bytes }])
    const opened = await openPlain(Buffer.concat([frame, table]))
    await t.rejects(collect(opened.read(0, bytes, {})), damaged)
  }
})

t.test('frames before the damaged one are given', async (t) => {
  const content = text(3 * FRAME_BYTES)
  const frames = [0, 1, 2].map((n) =>
    compressFrame(content.subarray(n * FRAME_BYTES, (n + 1) * FRAME_BYTES)),
  )
  const table = seekTable(
    frames.map((frame) => ({ compressedBytes: frame.length, bytes: FRAME_BYTES })),
  )
  const whole = Buffer.concat([...frames, table])
  const lengths = frames.map((frame) => frame.length)
  const bad = Buffer.from(whole)
  bad.fill(0xff, lengths[0], (lengths[0] ?? 0) + 8)
  const opened = await openPlain(bad)
  const chunks: Uint8Array[] = []
  const reading = async () => {
    for await (const chunk of opened.read(0, content.length, {})) chunks.push(chunk)
  }
  await t.rejects(reading(), damaged)
  t.ok(Buffer.concat(chunks).equals(content.subarray(0, FRAME_BYTES)))
})
