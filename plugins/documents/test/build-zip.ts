import { Buffer } from 'node:buffer'
import { crc32, deflateRawSync } from 'node:zlib'

export type ZipEntry = {
  readonly name: string
  readonly content: string | Buffer
  /** 0: stored, 8: deflated. Default 8. */
  readonly method?: number
  readonly flags?: number
  /** What the directory says. Default: the truth. */
  readonly size?: number
}

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50

/** An archive; `count` is what its end record says, by default the truth. */
export function zip(entries: readonly ZipEntry[], count = entries.length): Buffer {
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  let offset = 0
  for (const { name, content, method = 8, flags = 0, size } of entries) {
    const bytes = Buffer.from(content)
    const stored = method === 8 ? deflateRawSync(bytes) : bytes
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(flags, 2)
    common.writeUInt16LE(method, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(stored.length, 14)
    common.writeUInt32LE(size ?? bytes.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([uint32(LOCAL), common, Buffer.from(name), stored])
    const central = Buffer.alloc(46)
    central.writeUInt32LE(CENTRAL, 0)
    central.writeUInt16LE(20, 4)
    common.copy(central, 6)
    central.writeUInt32LE(offset, 42)
    locals.push(local)
    centrals.push(central, Buffer.from(name))
    offset += local.length
  }
  const directory = Buffer.concat(centrals)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(END, 0)
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

const ooxml = 'application/vnd.openxmlformats-officedocument'

export const wordMain = `${ooxml}.wordprocessingml.document.main+xml`
export const excelMain = `${ooxml}.spreadsheetml.sheet.main+xml`

export function contentTypes(part: string, type: string): ZipEntry {
  return {
    name: '[Content_Types].xml',
    content: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="${part}" ContentType="${type}"/></Types>`,
  }
}

const relations = (target: string): ZipEntry => ({
  name: '_rels/.rels',
  content: `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="${target}"/></Relationships>`,
})

const wordBody: ZipEntry = {
  name: 'word/document.xml',
  content:
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>Hello</w:t></w:r></w:p></w:body></w:document>',
}

/** A document of one word. */
export const docxEntries = [
  contentTypes('/word/document.xml', wordMain),
  relations('word/document.xml'),
  wordBody,
]

export function docx(): Buffer {
  return zip(docxEntries)
}

/** A workbook with empty sheets. */
export function xlsx(sheets: readonly string[] = ['One']): Buffer {
  const list = sheets.map((name, i) => `<sheet name="${name}" sheetId="${i + 1}"/>`)
  return zip([
    contentTypes('/xl/workbook.xml', excelMain),
    relations('xl/workbook.xml'),
    {
      name: 'xl/workbook.xml',
      content: `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets>${list.join('')}</sheets></workbook>`,
    },
  ])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
