import { deepStrictEqual as deepEqual, ok } from 'node:assert'
import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
// By its path: the HTTP layer does not depend on it, only on what it gives to uploads.
import { openDiskBlobStore } from '../../../blob-store/src/index.ts'
import { BusboyForm, type FormContent } from '../../src/form/busboy-form.ts'
import { FormCollector } from '../../src/form/form-collector.ts'
import { parseLeanForm } from '../../src/form/parse-lean-form.ts'
import { boundary, file, form, type Part, purpose } from '../support/forms.ts'

type Read = readonly unknown[]

const never = new AbortController().signal
const blobs = await openDiskBlobStore({ folder: t.testdir({}), newId: randomUUID })
t.teardown(() => blobs.close())

/** Hears what a form says without judging it. */
class Listener extends FormCollector {
  readonly heard: unknown[] = []

  constructor() {
    super(() => true)
  }

  override addField(name: string, value: string, encoding: string): void {
    this.heard.push({ name, value, encoding })
  }

  override addFile(name: string, head: object): void {
    this.heard.push({ name, ...head, content: Buffer.alloc(0) })
  }
}

function readLean(body: Buffer): Read | undefined {
  return parseLeanForm(body, boundary)?.map((part) => {
    const { name, filename, type = 'text/plain', encoding = '7bit' } = part
    const content = body.subarray(part.start, part.end)
    if (filename === undefined) return { name, value: content.toString(), encoding }
    const basename = filename.slice(filename.search(/[^/\\]*$/))
    const kept = basename === '.' || basename === '..' ? '' : basename
    return { name, filename: kept, encoding, type, content: content.toString('latin1') }
  })
}

/** Reads with busboy, the body in pieces of so many bytes; undefined where it refuses. */
async function readBusboy(
  body: Buffer,
  pieceBytes: number,
  { direct = true, slow = false } = {},
): Promise<Read | undefined> {
  const collector = new Listener()
  const contents: Promise<FormContent>[] = []
  const parser = new BusboyForm({
    contentType: `multipart/form-data; boundary=${boundary}`,
    boundary: direct ? boundary : undefined,
    collector,
    maxFileBytes: 2 ** 20,
    maxSetBy: 'a test',
    openSpool: () => {
      const spool = blobs.spool({ maxBytes: 2 ** 20, signal: never })
      const ended = Promise.withResolvers<FormContent>()
      contents.push(ended.promise)
      return {
        get bytes() {
          return spool.bytes
        },
        get staged() {
          return spool.staged
        },
        write: (chunk) =>
          slow ? setImmediate().then(() => spool.write(chunk)) : spool.write(chunk),
        async end() {
          const content = await spool.end()
          ended.resolve(content)
          return content
        },
        discard: () => spool.discard(),
      }
    },
  })
  for (let at = 0; at < body.length; at += pieceBytes) {
    const piece = body.subarray(at, at + pieceBytes)
    await new Promise<void>((resolve) => {
      if (parser.write(piece, resolve)) resolve()
    })
  }
  parser.end()
  try {
    await parser.done
  } catch {
    return undefined
  }
  const files = (await Promise.all(contents)).values()
  return collector.heard.map((part) => {
    if (typeof part !== 'object' || part === null || !('content' in part)) return part
    const { inline = [] } = files.next().value ?? {}
    return { ...part, content: Buffer.from(inline).toString('latin1') }
  })
}

const name = fc.constantFrom(
  'purpose',
  'file',
  'metadata[a]',
  'expires_after[seconds]',
  'größe',
  'a;b=c',
)
const filename = fc.constantFrom(
  'a.jsonl',
  '数据.jsonl',
  '../../etc/passwd',
  'dir/',
  '..',
  'a%22b%0D%0A.txt',
  'semi;colon.txt',
  "quote'.txt",
)
/** Text that comes close to a boundary as often as possible. */
const content = fc
  .array(
    fc.constantFrom(
      ...[
        '\r',
        '\n',
        '\r\n',
        '-',
        '--',
        `--${boundary}`,
        `\r\n--${boundary.slice(0, -1)}`,
      ],
      ...['{"a":1}\n', 'é', '\0', '', boundary, 'x'.repeat(150)],
    ),
  )
  .map((pieces) => pieces.join(''))
  // A whole delimiter inside a content ends it, in whichever parser
  .filter((text) => !`\r\n${text}\r\n`.includes(`\r\n--${boundary}`))

const textPart: fc.Arbitrary<Part> = fc.record({ name, content })
const filePart: fc.Arbitrary<Part> = fc.record(
  {
    name,
    content,
    filename,
    type: fc.constantFrom(
      'application/octet-stream',
      'Text/JSONL',
      'application/x.y+json',
    ),
    headers: fc.constantFrom(
      [],
      ['Content-Length: 7', 'Content-Transfer-Encoding: binary'],
      ['content-transfer-encoding: BASE64'],
    ),
  },
  { requiredKeys: ['name', 'content', 'filename'] },
)
const sdkForm = fc
  .array(fc.oneof(textPart, filePart), { minLength: 1, maxLength: 5 })
  .map((parts) => form(parts))
const pieceBytes = fc.integer({ min: 1, max: 200 })
const fragment = fc.oneof(
  fc.constantFrom(
    ...['\r\n', '\r', '\n', '"', '\\', ';', ':', ' ', '\t', '--', '=', '\0', '\x7f', 'é'],
    ...[
      `--${boundary}`,
      `\r\n--${boundary}`,
      `\r\n--${boundary}--`,
      `\r\n--${boundary}\r\n`,
    ],
    ...[
      '\r\n\r\n',
      'name="x"',
      '; filename="y"',
      "; filename*=utf-8''z",
      'charset=utf-16',
    ],
    ...[
      'Content-Type: text/plain; charset=latin1',
      'Content-Disposition: attachment',
      'X-Y: z',
    ],
  ),
  fc.string({ maxLength: 3 }),
)
const damage = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.constantFrom(0, 0, 1, 2, 8),
  insert: fragment,
})
const damages = fc.array(damage, { maxLength: 2 })

type Damage = { readonly at: number; readonly drop: number; readonly insert: string }

function damaged(body: Buffer, all: readonly Damage[]): Buffer {
  return all.reduce((before, { at, drop, insert }) => {
    const place = Math.floor(at * before.length)
    const end = before.subarray(place + drop)
    return Buffer.concat([before.subarray(0, place), Buffer.from(insert), end])
  }, body)
}

t.test('the lean parser reads what SDKs send, as busboy does', async () => {
  await fc.assert(
    fc.asyncProperty(sdkForm, pieceBytes, async (body, bytes) => {
      const lean = readLean(body)
      if (lean === undefined) throw new Error('not read')
      deepEqual(lean, await readBusboy(body, bytes))
    }),
    { numRuns: 300 },
  )
})

t.test(
  'whatever the lean parser reads of a damaged form, busboy reads the same',
  async () => {
    let read = 0
    await fc.assert(
      fc.asyncProperty(sdkForm, damages, pieceBytes, async (whole, all, bytes) => {
        const body = damaged(whole, all)
        const lean = readLean(body)
        if (lean === undefined) return
        read += 1
        deepEqual(lean, await readBusboy(body, bytes))
      }),
      { numRuns: 6_000 },
    )
    // Damage inside a content leaves the form readable: were none read, nothing was compared
    ok(read > 100)
  },
)

t.test('a form that is cut anywhere is read by neither parser', async (t) => {
  const body = form([purpose, file])
  const lengths = Array.from({ length: body.length - 2 }, (_, length) => length)
  const isRead = async (length: number) => {
    const cut = body.subarray(0, length)
    return readLean(cut) !== undefined || (await readBusboy(cut, 50)) !== undefined
  }
  const outcomes = await Promise.all(lengths.map(isRead))
  t.equal(outcomes.indexOf(true), -1)
})

t.test('busboy reads the same form however it is cut into pieces', async (t) => {
  const body = form([purpose, file])
  const sizes = Array.from({ length: body.length }, (_, index) => index + 1)
  const outcomes = await Promise.all(sizes.map((bytes) => readBusboy(body, bytes)))
  t.same(new Set(outcomes.map((read) => JSON.stringify(read))).size, 1)
  t.same(outcomes[0], readLean(body))
})

const oddDelimiter = new RegExp(`(^|\r\n)--${boundary}(?!\r\n|--)`)
const hasOddDelimiter = (body: Buffer) => oddDelimiter.test(body.toString('latin1'))
const begun = new RegExp(`(^|\\r\\n)--${boundary}(?=\\r\\n)`, 'g')
const partsOf = (body: Buffer) => body.toString('latin1').match(begun)?.length ?? 0

t.test('content that passes busboy by is what busboy would have passed on', async () => {
  await fc.assert(
    fc.asyncProperty(
      sdkForm,
      damages,
      pieceBytes,
      fc.boolean(),
      async (whole, all, bytes, slow) => {
        const body = damaged(whole, all)
        const direct = await readBusboy(body, bytes, { slow })
        const passedOn = await readBusboy(body, bytes, { direct: false })
        // With the boundary at hand, what busboy passes over is refused
        const isLax = hasOddDelimiter(body) || partsOf(body) > (passedOn?.length ?? 0)
        if (direct === undefined && isLax) return
        deepEqual(direct, passedOn)
      },
    ),
    { numRuns: 1_500 },
  )
})
