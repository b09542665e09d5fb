import { Buffer } from 'node:buffer'
import { deflateSync } from 'node:zlib'

/** Object number → its text, or a stream's dictionary and bytes. */
export type PdfObjects = Readonly<Record<number, string | PdfStream>>
export type PdfStream = { readonly dictionary: string; readonly bytes: Buffer }

export const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>'

/** A catalog, a tree of one level, and its pages from object 3 on. */
export function objectsOf(pages: number): PdfObjects {
  const numbers = Array.from({ length: pages }, (_, i) => i + 3)
  return {
    1: '<< /Type /Catalog /Pages 2 0 R >>',
    2: `<< /Type /Pages /Kids [${numbers.map((n) => `${n} 0 R`).join(' ')}] /Count ${pages} >>`,
    ...Object.fromEntries(numbers.map((number) => [number, page])),
  }
}

export type PdfOptions = {
  /** Further entries of the trailer. */
  readonly trailer?: string
  /** End of a cross-reference entry. */
  readonly lineEnd?: string
  readonly startxref?: number
  readonly size?: number
}

/** With a cross-reference table, at the end of `before`: another PDF, which is then updated. */
export function pdf(
  objects: PdfObjects = objectsOf(1),
  { trailer = '', lineEnd = ' \n', startxref, size }: PdfOptions = {},
  before: Buffer = header,
): Buffer {
  const { bytes, offsets } = write(objects, before)
  const numbers = [...offsets.keys()].sort((a, b) => a - b)
  const entry = (number: number) =>
    `${number} 1\n${String(offsets.get(number)).padStart(10, '0')} 00000 n${lineEnd}`
  const tail = `xref\n0 1\n0000000000 65535 f${lineEnd}${numbers.map(entry).join('')}trailer
<< /Size ${size ?? Math.max(...numbers) + 1} /Root 1 0 R ${trailer} >>
startxref
${startxref ?? bytes.length}
%%EOF
`
  return Buffer.concat([bytes, Buffer.from(tail, 'latin1')])
}

/** The binary comment keeps programs from taking it for a text, ISO 32000-1, 7.5.2. */
export const header = Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')

export type PackedOptions = {
  /** Entries of the cross-reference stream's dictionary. */
  readonly trailer?: string
  readonly isPredicted?: boolean
}

/** With a cross-reference stream (object 90), and these objects in an object stream (object 91). */
export function packedPdf(
  packed: Readonly<Record<number, string>>,
  plain: PdfObjects = {},
  { trailer = '', isPredicted = true }: PackedOptions = {},
): Buffer {
  const numbers = Object.keys(packed).map(Number)
  const texts = Object.values(packed)
  let at = 0
  const pairs = texts.map((text, i) => {
    const pair = `${numbers[i]} ${at}`
    at += text.length + 1
    return pair
  })
  const first = `${pairs.join(' ')} `
  const body = deflateSync(Buffer.from(`${first}${texts.join(' ')} `, 'latin1'))
  const { bytes, offsets } = write(
    {
      ...plain,
      91: {
        dictionary: `/Type /ObjStm /N ${texts.length} /First ${first.length} /Filter /FlateDecode`,
        bytes: body,
      },
    },
    header,
  )
  offsets.set(90, bytes.length)
  const rows = Array.from({ length: 92 }, (_, number) => {
    const offset = offsets.get(number)
    const index = numbers.indexOf(number)
    const row = Buffer.alloc(6)
    if (offset !== undefined) row.writeUInt8(1, 0)
    if (index >= 0) row.writeUInt8(2, 0)
    row.writeUInt32BE(index >= 0 ? 91 : (offset ?? 0), 1)
    row.writeUInt8(Math.max(0, index), 5)
    return row
  })
  const table = deflateSync(isPredicted ? predicted(rows) : Buffer.concat(rows))
  const parameters = isPredicted ? '/DecodeParms << /Predictor 12 /Columns 6 >>' : ''
  const stream = {
    dictionary: `/Type /XRef /Size 92 /W [1 4 1] /Root 1 0 R /Filter /FlateDecode ${parameters} ${trailer}`,
    bytes: table,
  }
  const whole = write({ 90: stream }, bytes)
  const tail = `startxref\n${bytes.length}\n%%EOF\n`
  return Buffer.concat([whole.bytes, Buffer.from(tail)])
}

/** Rows with each PNG filter in turn. */
function predicted(rows: readonly Buffer[]): Buffer {
  const filtered = rows.map((row, y) => {
    const filter = y % 5
    const above = rows[y - 1]
    const bytes = [...row].map((value, x) => {
      const left = x > 0 ? (row[x - 1] ?? 0) : 0
      const up = above?.[x] ?? 0
      const upLeft = x > 0 ? (above?.[x - 1] ?? 0) : 0
      const estimate = left + up - upLeft
      const nearest = [left, up, upLeft].toSorted(
        (a, b) => Math.abs(estimate - a) - Math.abs(estimate - b),
      )
      return value - ([0, left, up, (left + up) >> 1, nearest[0] ?? 0][filter] ?? 0)
    })
    return Buffer.from([filter, ...bytes])
  })
  return Buffer.concat(filtered)
}

function write(
  objects: PdfObjects,
  before: Buffer,
): { bytes: Buffer; offsets: Map<number, number> } {
  const parts = [before]
  const offsets = new Map<number, number>()
  let at = before.length
  for (const [number, object] of Object.entries(objects)) {
    const content =
      typeof object === 'string'
        ? Buffer.from(object, 'latin1')
        : Buffer.concat([
            Buffer.from(
              `<< ${object.dictionary} /Length ${object.bytes.length} >>\nstream\n`,
            ),
            object.bytes,
            Buffer.from('\nendstream'),
          ])
    const part = Buffer.concat([
      Buffer.from(`${number} 0 obj\n`),
      content,
      Buffer.from('\nendobj\n'),
    ])
    offsets.set(Number(number), at)
    parts.push(part)
    at += part.length
  }
  return { bytes: Buffer.concat(parts), offsets }
}
