import { createPluginFile } from '@custody/plugin-api/reader'
import { check } from '@custody/plugin-api/testing'
import fc from 'fast-check'
import t from 'tap'
import { allTypes } from '../src/file-types.ts'
import plugin from '../src/index.ts'
import { type IssueCode, issueCodes } from '../src/issue-codes.ts'
import { doc } from './build-compound-file.ts'
import { header, objectsOf, packedPdf, page, pdf } from './build-pdf.ts'
import { docx, xlsx } from './build-zip.ts'
import { samples } from './samples.ts'

const MiB = 2 ** 20
const codes: ReadonlySet<string> = new Set<IssueCode>(issueCodes)
const extensions = Object.keys(allTypes)

/** A verdict whose codes are all documented. */
async function verdictOf(content: Uint8Array, name: string) {
  const verdict = await check(plugin, content, { name })
  const issues = verdict.ok ? verdict.warnings : verdict.issues
  const unknown = issues.find(({ code }) => !codes.has(code))
  if (unknown !== undefined) throw new Error(`undocumented: ${unknown.code}`)
  return verdict
}

const small: readonly (readonly [name: string, content: Buffer])[] = [
  ['a.pdf', pdf()],
  [
    'b.pdf',
    packedPdf({ 1: objectsOf(1)[1] as string, 2: objectsOf(1)[2] as string, 3: page }),
  ],
  ['a.docx', docx()],
  ['a.xlsx', xlsx()],
  // The content of its streams is not looked at.
  ['a.doc', doc().subarray(0, 3000)],
]

for (const [name, content] of small) {
  t.test(`a file with one wrong byte has a verdict: ${name}`, async (t) => {
    const changed = Buffer.from(content)
    let refused = 0
    for (let at = 0; at < content.length; at += 1) {
      const byte = content[at] ?? 0
      for (const wrong of [byte ^ 1, byte ^ 0x80, 0, 0xff]) {
        changed[at] = wrong
        const verdict = await verdictOf(changed, name)
        if (!verdict.ok) refused += 1
      }
      changed[at] = byte
    }
    t.ok(refused > 0)
    t.match(await verdictOf(changed, name), { ok: true })
  })

  t.test(`a file that was cut anywhere has a verdict: ${name}`, async (t) => {
    for (let length = 1; length < content.length; length += 1) {
      await verdictOf(content.subarray(0, length), name)
    }
    t.match(await verdictOf(content, name), { ok: true })
  })
}

const starts = Object.values(samples).map((sample) => sample.subarray(0, 512))

t.test('any bytes have a verdict under any extension', async () => {
  const anyBytes = fc.uint8Array({ maxLength: 300 })
  const content = fc.oneof(
    anyBytes,
    fc
      .tuple(fc.constantFrom(...starts), anyBytes)
      .map(([start, rest]) => Buffer.concat([start, rest])),
    fc.tuple(anyBytes, anyBytes).map(([middle, rest]) => {
      return Buffer.concat([header, middle, Buffer.from('\nstartxref\n9\n'), rest])
    }),
  )
  const names = fc.constantFrom(...extensions).map((extension) => `a${extension}`)
  await fc.assert(
    fc.asyncProperty(content, names, async (bytes, name) => {
      await verdictOf(bytes, name)
    }),
    { numRuns: 500 },
  )
})

t.test('PDF syntax in any order has a verdict', async () => {
  const words = fc.constantFrom(
    '<<',
    '>>',
    '[',
    ']',
    '(',
    ')',
    '<',
    '>',
    '/',
    '%',
    '\n',
    ' ',
    'obj',
    'endobj',
    'R',
    'stream',
    'xref',
    'trailer',
    'startxref',
    '0',
    '1',
    '2',
    '9',
    '-1',
    '65535',
    '/Root',
    '/Pages',
    '/Kids',
    '/Type',
    '/Catalog',
    '/ObjStm',
    '/XRef',
    '/Prev',
    '/XRefStm',
    '/W',
    '/Index',
    '/Length',
    '/N',
    '/First',
    '/Encrypt',
    '/Size',
    '/Filter',
    '/FlateDecode',
    '0000000009 00000 n \n',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(words, { maxLength: 60 }),
      fc.nat({ max: 200 }),
      async (tokens, startxref) => {
        const text = `%PDF-1.7\n${tokens.join(' ')}\nstartxref\n${startxref}\n%%EOF`
        await verdictOf(Buffer.from(text), 'a.pdf')
      },
    ),
    { numRuns: 1000 },
  )
})

/** Looks at a file of zeros with these pieces in it, and counts the bytes that were asked for. */
async function lookAtSparse(
  name: string,
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
  const file = createPluginFile(source, { name, purpose: 'assistants', signal })
  const validate = plugin.checks?.assistants?.validate
  if (validate === undefined) throw new Error('there is no check')
  return { verdict: await validate(file, { options: {}, signal }), asked }
}

t.test('a large PDF is read here and there', async (t) => {
  const content = pdf(objectsOf(1), {}, Buffer.concat([header, Buffer.alloc(8 * MiB)]))
  const { verdict, asked } = await lookAtSparse('a.pdf', content.length, [[0, content]])
  t.match(verdict, { ok: true, facts: { pages: 1 } })
  t.ok(asked < MiB, `${asked} bytes`)
})

t.test('a large PDF without objects is searched once', async (t) => {
  const size = 50 * MiB
  const { verdict, asked } = await lookAtSparse('a.pdf', size, [
    [0, header],
    [size - 30, Buffer.from('startxref\n99\n%%EOF\n')],
  ])
  t.match(verdict, { ok: false, issues: [{ code: 'invalid_pdf' }] })
  t.ok(asked < 2 * size, `${asked} bytes`)
})

t.test('a read that fails is no verdict', async (t) => {
  for (const [name, content] of [
    ...small,
    ['a.txt', samples.text],
    ['a.png', samples.png],
  ]) {
    const { signal } = new AbortController()
    const source = {
      size: Number(content?.length),
      read(): Uint8Array {
        throw new Error('the disk is gone')
      },
    }
    const file = createPluginFile(source, { name: String(name), purpose: 'p', signal })
    const validate = plugin.checks?.assistants?.validate
    await t.rejects(
      async () => validate?.(file, { options: {}, signal }),
      /the disk is gone/,
      String(name),
    )
  }
})
