import { deflateSync } from 'node:zlib'
import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { header, objectsOf, type PdfObjects, packedPdf, page, pdf } from './build-pdf.ts'

const plain = { media_type: 'application/pdf', encrypted: false }
const encrypt = {
  9: '<< /Filter /Standard /V 2 /R 3 /O (o\\)) /U <00ff> /P -44 >>',
}
const texts = (objects: PdfObjects) =>
  Object.fromEntries(
    Object.entries(objects).filter((entry): entry is [string, string] => {
      return typeof entry[1] === 'string'
    }),
  )

/** A PDF that says at its start how long it is. */
function linearized(length: number): Buffer {
  const start = Buffer.from(`7 0 obj\n<< /Linearized 1 /L ${length} >>\nendobj\n`)
  return pdf(objectsOf(1), {}, Buffer.concat([header, start]))
}

/** Where the cross-reference table of a PDF is. */
function tableOf(file: Buffer): number {
  return Number(/startxref\n(\d+)\n%%EOF\n$/.exec(file.toString('latin1'))?.[1])
}

/** Levels of nodes with one kid each, and a page behind them. */
function chain(levels: number): PdfObjects {
  const nodes = Array.from({ length: levels }, (_, i) => [
    i + 2,
    `<< /Type /Pages /Kids [${i + 3} 0 R] /Count 1 >>`,
  ])
  return { 1: objectsOf(1)[1] ?? '', ...Object.fromEntries(nodes), [levels + 2]: page }
}

const first = pdf(objectsOf(2))
const accepted: readonly {
  readonly what: string
  readonly content: Buffer
  readonly facts: object
}[] = [
  { what: 'one page', content: pdf(), facts: { ...plain, pages: 1 } },
  {
    what: 'many pages, and a long array of them',
    content: pdf(objectsOf(3000)),
    facts: { ...plain, pages: 3000 },
  },
  {
    what: 'cross-reference lines that end with CR LF',
    content: pdf(objectsOf(3), { lineEnd: '\r\n' }),
    facts: { ...plain, pages: 3 },
  },
  {
    what: 'cross-reference lines of 19 bytes',
    content: pdf(objectsOf(3), { lineEnd: '\n' }),
    facts: { ...plain, pages: 3 },
  },
  {
    what: 'a cross-reference stream and all objects packed',
    content: packedPdf(texts(objectsOf(4))),
    facts: { ...plain, pages: 4 },
  },
  {
    what: 'a cross-reference stream without predictor',
    content: packedPdf(texts(objectsOf(4)), {}, { isPredicted: false }),
    facts: { ...plain, pages: 4 },
  },
  {
    what: 'an update that adds a page',
    content: pdf(
      { 2: '<< /Type /Pages /Kids [3 0 R 4 0 R 5 0 R] /Count 3 >>', 5: page },
      { trailer: `/Prev ${tableOf(first)}`, size: 6 },
      first,
    ),
    facts: { ...plain, pages: 3 },
  },
  {
    what: 'a linearized start',
    content: linearized(linearized(100).length),
    facts: { ...plain, pages: 1 },
  },
  {
    what: 'a hybrid file, whose stream tells of objects that its table calls free',
    content: hybrid(),
    facts: { ...plain, pages: 1 },
  },
  {
    what: 'bytes before the header and behind the end',
    content: Buffer.concat([Buffer.alloc(1000, ' '), pdf(), Buffer.alloc(100_000, 'x')]),
    facts: { ...plain, pages: 1 },
  },
  {
    what: 'a tree of a thousand levels',
    content: pdf(chain(1000)),
    facts: { ...plain, pages: 1 },
  },
  {
    what: 'a tree with cycles and missing kids before its page',
    content: pdf({
      ...objectsOf(1),
      2: '<< /Type /Pages /Kids [4 0 R 99 0 R null 5 0 R 3 0 R] /Count 1 >>',
      4: '<< /Type /Pages /Kids [2 0 R 4 0 R] /Count 1 >>',
      5: 'true',
    }),
    facts: { ...plain, pages: 1 },
  },
  {
    what: 'a page in place of the tree',
    content: pdf({ ...objectsOf(0), 2: page }),
    facts: { ...plain, pages: 1 },
  },
  {
    what: 'comments, strings, escaped names and odd spacing',
    content: pdf({
      ...objectsOf(1),
      1: '<</Lang(a\\)(b) c)%no >>\r/P#61ges 2 0 R/ID[<0f f0>()]/Neg -.5/T true>>',
    }),
    facts: { ...plain, pages: 1 },
  },
  {
    what: 'a number of pages that cannot be, without the fact',
    content: pdf({
      ...objectsOf(1),
      2: '<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>',
    }),
    facts: plain,
  },
  {
    what: 'an encrypted document with its page tree in the open',
    content: pdf({ ...objectsOf(2), ...encrypt }, { trailer: '/Encrypt 9 0 R' }),
    facts: { ...plain, encrypted: true, pages: 2 },
  },
  {
    what: 'an encrypted document with its page tree in an encrypted stream',
    content: packedPdf(texts(objectsOf(2)), encrypt, { trailer: '/Encrypt 9 0 R' }),
    facts: { ...plain, encrypted: true },
  },
]

for (const { what, content, facts } of accepted) {
  t.test(`takes a PDF with ${what}`, async (t) => {
    const verdict = await validate(plugin, content, { name: 'a.pdf' })
    t.strictSame(verdict, { ok: true, facts, warnings: [] })
  })
}

const whole = pdf(objectsOf(2))
const packed = packedPdf(texts(objectsOf(2)))
const fillers = Object.fromEntries(
  Array.from({ length: 10_000 }, (_, i) => [i + 100, 'null']),
)
const repaired: readonly (readonly [what: string, content: Buffer])[] = [
  ['a startxref that leads nowhere', pdf(objectsOf(2), { startxref: 5 })],
  ['a startxref beyond the end', pdf(objectsOf(2), { startxref: 999_999 })],
  ['offsets that are all wrong', shifted(whole)],
  [
    'objects packed, and a startxref that leads nowhere',
    replaced(packed, /\d+\n%%EOF/, '7\n%%EOF'),
  ],
  ['no trailer that names a catalog', replaced(whole, /\/Root 1 0 R/, '/Toor 1 0 R')],
  ['an end without startxref', replaced(whole, /startxref\n\d+/, '')],
  ['another PDF behind it, whose trailer names no catalog', appended()],
  ['more cross-reference sections than are read', pdf({ ...objectsOf(2), ...fillers })],
  [
    'an update whose predecessor is missing',
    replaced(whole, /\/Size 5/, '/Prev 9 /Size 5'),
  ],
]

for (const [what, content] of repaired) {
  t.test(`takes a PDF with ${what}, with a warning`, async (t) => {
    t.match(await validate(plugin, content, { name: 'a.pdf' }), {
      ok: true,
      facts: { ...plain, pages: 2 },
      warnings: [{ code: 'pdf_repaired' }],
    })
  })
}

const noPages: readonly (readonly [what: string, content: Buffer, code?: string])[] = [
  ['a header alone', header],
  ['no page tree', pdf({ 1: '<< /Type /Catalog >>' })],
  ['no catalog', pdf({ 2: objectsOf(1)[2] ?? '', 3: page })],
  ['a tree without kids', pdf({ ...objectsOf(0) })],
  [
    'a tree that is a circle',
    pdf({ ...objectsOf(0), 2: '<< /Type /Pages /Kids [2 0 R] /Count 9 >>' }),
  ],
  ['a catalog that refers to itself', pdf({ ...objectsOf(1), 1: '1 0 R' })],
  [
    'a page tree that is missing',
    pdf({ 1: '<< /Type /Catalog /Pages 5 0 R >>', 3: page }),
  ],
  [
    'an encryption that nothing describes, over its page tree',
    packedPdf(texts(objectsOf(1)), {}, { trailer: '/Encrypt 9 0 R' }),
  ],
  ['a linearized start and less bytes than that tells', linearized(99_999)],
  ['a tree of twenty thousand levels', pdf(chain(20_000)), 'document_too_complex'],
  [
    'a catalog of nested arrays without end',
    pdf({ ...objectsOf(1), 1: `<< /Type /Catalog /A ${'['.repeat(100_000)} >>` }),
    'document_too_complex',
  ],
]

for (const [what, content, code = 'invalid_pdf'] of noPages) {
  t.test(`refuses a PDF with ${what}`, async (t) => {
    const verdict = await validate(plugin, content, { name: 'a.pdf' })
    t.match(verdict, { ok: false, issues: [{ code, message: /^The PDF is / }] })
  })
}

t.test('refuses streams that inflate without end', async (t) => {
  const bomb = deflateSync(Buffer.alloc(64 * 2 ** 20))
  const table = {
    1: {
      dictionary: '/Type /XRef /W [1 4 1] /Size 9999999 /Root 2 0 R /Filter /FlateDecode',
      bytes: bomb,
    },
  }
  const content = pdf(table, { startxref: header.length })
  t.match(await validate(plugin, content, { name: 'a.pdf' }), {
    ok: false,
    issues: [{ code: 'document_too_complex' }],
  })
})

t.test('refuses every proper prefix of a PDF', async (t) => {
  const content = pdf(objectsOf(1))
  const end = content.lastIndexOf('startxref') + 'startxref'.length
  for (let length = 1; length < end; length += 1) {
    const verdict = await validate(plugin, content.subarray(0, length), { name: 'a.pdf' })
    if (verdict.ok) t.fail(`was taken when cut after ${length} bytes`)
  }
  t.match(await validate(plugin, content, { name: 'a.pdf' }), { ok: true })
})

/** A table that calls object 3 free, and a stream that has it. */
function hybrid(): Buffer {
  const before = pdf(objectsOf(0))
  const objectAt = before.length
  const object = Buffer.from(`3 0 obj\n${page}\nendobj\n`)
  const row = Buffer.alloc(6)
  row.writeUInt8(1)
  row.writeUInt32BE(objectAt, 1)
  const streamAt = objectAt + object.length
  const stream = Buffer.concat([
    Buffer.from(
      '8 0 obj\n<< /Type /XRef /Index [3 1] /W [1 4 1] /Length 6 /Size 9 >>\nstream\r\n',
    ),
    row,
    Buffer.from('\nendstream\nendobj\n'),
  ])
  return pdf(
    { 2: '<< /Type /Pages /Kids [3 0 R] /Count 1 >>' },
    { trailer: `/XRefStm ${streamAt} /Prev ${tableOf(before)}` },
    Buffer.concat([before, object, stream]),
  )
}

/** Two PDFs in one file; the catalog of the first is object 12. */
function appended(): Buffer {
  const { 1: catalog = '', ...others } = objectsOf(2)
  const first = replaced(pdf({ ...others, 12: catalog }), /Root 1 /, 'Root 12 ')
  return Buffer.concat([first, pdf({ 1: '<< /Producer (b) >>' })])
}

/** Five bytes more behind the header than the offsets know of; the start of the table is right. */
function shifted(file: Buffer): Buffer {
  const moved = Buffer.concat([
    file.subarray(0, header.length),
    Buffer.from('%123\n'),
    file.subarray(header.length),
  ])
  return replaced(moved, /\d+\n%%EOF/, `${tableOf(file) + 5}\n%%EOF`)
}

function replaced(file: Buffer, pattern: RegExp, text: string): Buffer {
  return Buffer.from(file.toString('latin1').replace(pattern, text), 'latin1')
}
