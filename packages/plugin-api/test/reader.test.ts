import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { FileReadError, type Line, type PluginFile } from '@custody/plugin-api'
import { type ByteSource, createPluginFile } from '@custody/plugin-api/reader'
import fc from 'fast-check'
import t from 'tap'

const { signal } = new AbortController()
const KiB = 1024
const MiB = 1024 * KiB

function memory(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, end) => bytes.subarray(start, end) }
}

/** Answers later, from memory of its own. */
function slow(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (start, end) => bytes.slice(start, end) }
}

/** Answers at once, from one piece of memory that the next answer overwrites. */
function reusing(bytes: Uint8Array): ByteSource {
  let shared = Buffer.alloc(0)
  return {
    size: bytes.length,
    read(start, end) {
      const part = bytes.subarray(start, end)
      shared.fill(0x2e)
      if (shared.length < part.length) shared = Buffer.alloc(part.length)
      shared.set(part)
      return shared.subarray(0, part.length)
    },
  }
}

const sources = { memory, slow, reusing }

function open(content: string | Uint8Array, source = memory): PluginFile {
  return createPluginFile(source(Buffer.from(content)), {
    name: 'file.txt',
    purpose: 'test',
    signal,
  })
}

/** The lines, and the error that ended them. */
async function readLines(
  file: PluginFile,
  maxBytes?: number,
): Promise<{ lines: Line[]; error?: string }> {
  const lines: Line[] = []
  const options = maxBytes === undefined ? {} : { maxBytes }
  try {
    for await (const line of file.lines(options)) lines.push(line)
    return { lines }
  } catch (error) {
    if (!(error instanceof FileReadError)) throw error
    return { lines, error: `${error.code}:${error.line}` }
  }
}

/** The same by the plainest means: bytes cut at every LF, each line decoded alone. */
function referenceLines(content: Uint8Array, maxBytes: number) {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const withoutMark = Buffer.from(content).subarray(
    Buffer.from(content).subarray(0, 3).toString('hex') === 'efbbbf' ? 3 : 0,
  )
  const pieces: Buffer[] = []
  let start = 0
  for (let i = 0; i < withoutMark.length; i += 1) {
    if (withoutMark[i] !== 0x0a) continue
    const end = i > start && withoutMark[i - 1] === 0x0d ? i - 1 : i
    pieces.push(withoutMark.subarray(start, end))
    start = i + 1
  }
  if (start < withoutMark.length) pieces.push(withoutMark.subarray(start))
  const lines: Line[] = []
  for (const [index, piece] of pieces.entries()) {
    const number = index + 1
    if (piece.length > maxBytes) return { lines, error: `line_too_long:${number}` }
    try {
      lines.push({ number, text: decoder.decode(piece) })
    } catch {
      return { lines, error: `invalid_utf8:${number}` }
    }
  }
  return { lines }
}

const piece = fc.oneof(
  fc.constantFrom('\n', '\r\n', '\r', '\ufeff', '').map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  // Long enough that line ends and characters fall on every side of the borders of a read.
  fc
    .tuple(fc.constantFrom('x', 'ä', '€', '𝄞'), fc.integer({ min: 1, max: 50_000 }))
    .map(([unit, count]) => Buffer.from(unit.repeat(count))),
)

for (const [name, source] of Object.entries(sources)) {
  t.test(`any bytes give the lines of a plain reference (source: ${name})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.concat(pieces)),
        fc.constantFrom(8, 1000, 100_000, 32 * MiB),
        async (content, maxBytes) => {
          const seen = await readLines(open(content, source), maxBytes)
          assert.deepStrictEqual(seen, referenceLines(content, maxBytes))
        },
      ),
      { numRuns: 150 },
    )
  })
}

t.test(
  'a character that lies across the border of two reads is decoded whole',
  async (t) => {
    for (let shift = 0; shift < 4; shift += 1) {
      const text = `${'x'.repeat(64 * KiB - 4 + shift)}𝄞y`
      t.same(await readLines(open(`a\n${text}\nb`)), {
        lines: [
          { number: 1, text: 'a' },
          { number: 2, text },
          { number: 3, text: 'b' },
        ],
      })
    }
  },
)

t.test(
  'the byte order mark, CRLF and the last line end are not part of the lines',
  async (t) => {
    t.same(await readLines(open('\ufeffa\r\n\r\nb\n')), {
      lines: [
        { number: 1, text: 'a' },
        { number: 2, text: '' },
        { number: 3, text: 'b' },
      ],
    })
    t.same(await readLines(open('')), { lines: [] })
    t.same(await readLines(open('\ufeff')), { lines: [] })
  },
)

t.test('the lines before an invalid one are delivered', async (t) => {
  const content = Buffer.concat([
    Buffer.from('a\nb\n'),
    Buffer.from([0xc3, 0x28]),
    Buffer.from('\nc'),
  ])
  t.same(await readLines(open(content)), {
    lines: [
      { number: 1, text: 'a' },
      { number: 2, text: 'b' },
    ],
    error: 'invalid_utf8:3',
  })
})

t.test(
  'a line may have 32 MiB and not a byte more, and nothing beyond is read',
  async (t) => {
    const content = Buffer.alloc(40 * MiB, 'x')
    content[1] = 0x0a
    let furthest = 0
    const watched = createPluginFile(
      {
        size: content.length,
        read(start, end) {
          furthest = Math.max(furthest, end)
          return content.subarray(start, end)
        },
      },
      { name: 'f', purpose: 'p', signal },
    )
    t.same(await readLines(watched), {
      lines: [{ number: 1, text: 'x' }],
      error: 'line_too_long:2',
    })
    t.ok(furthest < 33 * MiB)

    content[2 + 32 * MiB] = 0x0a
    const fits = await readLines(open(content.subarray(0, 3 + 32 * MiB)))
    t.equal(fits.lines[1]?.text.length, 32 * MiB)
  },
)

t.test('a line end does not count towards the length of its line', async (t) => {
  t.notOk((await readLines(open('abcd\r\nabcd\n'), 4)).error)
  t.equal((await readLines(open('abcd\r\nabcde\n'), 4)).error, 'line_too_long:2')
  t.equal((await readLines(open('abcd\r'), 4)).error, 'line_too_long:1')
})

t.test('a file is read any number of times and in parallel', async (t) => {
  const content = Array.from({ length: 10_000 }, (_, i) => `line ${i}`).join('\n')
  for (const source of Object.values(sources)) {
    const file = open(content, source)
    const readers = await Promise.all([readLines(file), readLines(file), file.head(6)])
    t.equal(readers[0].lines.length, 10_000)
    t.same(readers[1], readers[0])
    t.equal(Buffer.from(readers[2]).toString(), 'line 0')
  }
})

t.test(
  'lines come in order for a caller that does not wait between its calls',
  async (t) => {
    const iterator = open('a\nb\nc').lines()[Symbol.asyncIterator]()
    const answers = await Promise.all([1, 2, 3, 4].map(() => iterator.next()))
    t.same(
      answers.map((answer) => (answer.done === true ? null : answer.value.text)),
      ['a', 'b', 'c', null],
    )
  },
)

t.test('leaving the loop early ends the reading', async (t) => {
  let reads = 0
  const content = Buffer.alloc(MiB, 'line\n')
  const source = {
    size: content.length,
    read(start: number, end: number) {
      reads += 1
      return content.subarray(start, end)
    },
  }
  const file = createPluginFile(source, { name: 'f', purpose: 'p', signal })
  for await (const line of file.lines()) if (line.number === 3) break
  t.equal(reads, 1)
})

t.test(
  'bytes come from start to end, and what a plugin does to them stays its own',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 200_000 }),
        fc.nat({ max: 250_000 }),
        fc.nat({ max: 250_000 }),
        fc.constantFrom(memory, slow, reusing),
        async (size, start, end, source) => {
          const content = Buffer.alloc(size, 'abcdefghij')
          const parts: Uint8Array[] = []
          for await (const part of open(content, source).bytes(start, end)) {
            parts.push(Buffer.from(part))
            part.fill(0)
          }
          const expected = Buffer.alloc(size, 'abcdefghij').subarray(start, end)
          return Buffer.concat(parts).equals(end < start ? Buffer.alloc(0) : expected)
        },
      ),
      { numRuns: 50 },
    )
    const all: Uint8Array[] = []
    for await (const part of open('abc').bytes()) all.push(part)
    t.equal(Buffer.concat(all).toString(), 'abc')
  },
)

t.test('head gives as many bytes as there are', async (t) => {
  const file = open('abc')
  t.equal(Buffer.from(await file.head(2)).toString(), 'ab')
  t.equal(Buffer.from(await file.head(9)).toString(), 'abc')
})

t.test('bounds and offsets that make no sense are refused', async (t) => {
  const file = open('abc')
  await t.rejects(file.head(MiB + 1), RangeError)
  await t.rejects(file.head(-1), RangeError)
  await t.rejects(file.bytes(0.5)[Symbol.asyncIterator]().next(), RangeError)
  await t.rejects(file.bytes(0, Number.NaN)[Symbol.asyncIterator]().next(), RangeError)
  await t.rejects(readLines(file, 0), RangeError)
  await t.rejects(readLines(file, 32 * MiB + 1), RangeError)
})

t.test('the extension is in lower case, and empty where there is none', (t) => {
  const extensionOf = (name: string) =>
    createPluginFile(memory(Buffer.alloc(0)), { name, purpose: 'p', signal }).extension
  t.equal(extensionOf('Data.JSONL'), '.jsonl')
  t.equal(extensionOf('a.tar.gz'), '.gz')
  t.equal(extensionOf('README'), '')
  t.equal(extensionOf('.env'), '')
  t.end()
})

t.test('reads fail once the signal is aborted', async (t) => {
  const controller = new AbortController()
  const file = createPluginFile(memory(Buffer.alloc(MiB, 'line\n')), {
    name: 'f',
    purpose: 'p',
    signal: controller.signal,
  })
  await t.rejects(async () => {
    for await (const _ of file.lineBatches()) controller.abort(new Error('gone'))
  }, /gone/)
})

t.test('every read is reported', async (t) => {
  for (const source of Object.values(sources)) {
    let reported = 0
    const file = createPluginFile(source(Buffer.alloc(100_000, 'line\n')), {
      name: 'f',
      purpose: 'p',
      signal,
      progress(bytes) {
        reported += bytes
      },
    })
    await readLines(file)
    t.ok(reported >= 100_000)
  }
})
