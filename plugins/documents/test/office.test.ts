import { validate } from '@custody/plugin-api/testing'
import t from 'tap'
import plugin from '../src/index.ts'
import { compoundFile, doc, wordStream } from './build-compound-file.ts'
import {
  contentTypes,
  docx,
  docxEntries,
  excelMain,
  wordMain,
  xlsx,
  type ZipEntry,
  zip,
} from './build-zip.ts'

const body: ZipEntry = { name: 'word/document.xml', content: '<w:document/>' }
const types = contentTypes('/word/document.xml', wordMain)
const macros = 'application/vnd.ms-word.document.macroEnabled.main+xml'
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')

const accepted: readonly {
  readonly what: string
  readonly name: string
  readonly content: Buffer
  readonly facts: object
}[] = [
  { what: 'a document', name: 'a.docx', content: docx(), facts: { encrypted: false } },
  {
    what: 'a document whose parts are stored as they are',
    name: 'a.docx',
    content: zip(docxEntries.map((entry) => ({ ...entry, method: 0 }))),
    facts: { encrypted: false },
  },
  {
    what: 'a document whose main part has another name',
    name: 'a.docx',
    content: zip([
      contentTypes('/word/document2.xml', wordMain),
      { ...body, name: 'word/document2.xml' },
    ]),
    facts: { encrypted: false },
  },
  {
    what: 'a document with path names that lead elsewhere',
    name: 'a.docx',
    content: zip([...docxEntries, { name: '../../etc/passwd', content: '' }]),
    facts: { encrypted: false },
  },
  {
    what: 'a document with parts in UTF-16 and other quotes',
    name: 'a.docx',
    content: zip([
      {
        name: '[Content_Types].xml',
        content: utf16(
          `<t:Types xmlns:t='x'><t:Override ContentType='${wordMain}' PartName='/word/document.xml' /></t:Types>`,
        ),
      },
      body,
    ]),
    facts: { encrypted: false },
  },
  {
    what: 'a document with a part that inflates to 1 GiB, which nobody looks at',
    name: 'a.docx',
    content: zip([types, body, { name: 'word/media/a.png', content: '', size: 2 ** 30 }]),
    facts: { encrypted: false },
  },
  {
    what: 'a workbook, with its sheets',
    name: 'a.xlsx',
    content: xlsx(['One', 'Two', 'Three']),
    facts: { encrypted: false, sheets: 3 },
  },
  {
    what: 'a workbook whose part is too large to be looked at, without its sheets',
    name: 'a.xlsx',
    content: zip([
      contentTypes('/xl/workbook.xml', excelMain),
      { name: 'xl/workbook.xml', content: '<sheet/>'.repeat(2 ** 17) },
    ]),
    facts: { encrypted: false, sheets: undefined },
  },
  {
    what: 'an encrypted workbook',
    name: 'a.xlsx',
    content: compoundFile({
      EncryptionInfo: Buffer.alloc(8),
      EncryptedPackage: Buffer.alloc(8),
    }),
    facts: { encrypted: true },
  },
  { what: 'a Word file', name: 'a.doc', content: doc(), facts: { encrypted: false } },
  {
    what: 'an encrypted Word file',
    name: 'a.doc',
    content: doc({ encrypted: true }),
    facts: { encrypted: true },
  },
  {
    what: 'a Word file with a workbook in it',
    name: 'a.doc',
    content: compoundFile({ WordDocument: wordStream() }, { Workbook: Buffer.alloc(8) }),
    facts: { encrypted: false },
  },
]

for (const { what, name, content, facts } of accepted) {
  t.test(`takes ${what}`, async (t) => {
    t.match(await validate(plugin, content, { name }), { ok: true, facts, warnings: [] })
  })
}

const many = Array.from({ length: 10_001 }, (_, i) => ({ name: `${i}`, content: '' }))
const rootless = compoundFile({ WordDocument: wordStream() })
rootless.writeUInt8(1, 2 * 512 + 0x42)
const circle = compoundFile({ WordDocument: wordStream() })
circle.writeUInt32LE(1, 512 + 4)

const refused: readonly {
  readonly what: string
  readonly name: string
  readonly content: Buffer
  readonly code: string
  readonly message?: RegExp
}[] = [
  {
    what: 'a document that was cut',
    name: 'a.docx',
    content: docx().subarray(0, -30),
    code: 'invalid_document',
    message: /^The ZIP archive is damaged: .*truncated\.$/,
  },
  {
    what: 'a document without the part that its list names',
    name: 'a.docx',
    content: zip([types]),
    code: 'invalid_document',
    message: /main part 'word\/document\.xml' is missing/,
  },
  {
    what: 'a document whose list of types has another length than the directory says',
    name: 'a.docx',
    content: zip([{ ...types, size: 5 }, body]),
    code: 'invalid_document',
  },
  {
    what: 'a document whose list of types is not what deflate makes',
    name: 'a.docx',
    content: zip([types, body]).fill(0xff, 50, 80),
    code: 'invalid_document',
  },
  {
    what: 'a document whose list of types is compressed in an unknown way',
    name: 'a.docx',
    content: zip([{ ...types, method: 12 }, body]),
    code: 'invalid_document',
    message: /compression method: 12/,
  },
  {
    what: 'a document with a ZIP password',
    name: 'a.docx',
    content: zip([{ ...types, flags: 1 }, body]),
    code: 'invalid_document',
    message: /encrypted/,
  },
  {
    what: 'a list of types that inflates to more than 1 MiB',
    name: 'a.docx',
    content: zip([{ ...types, content: Buffer.alloc(2 ** 20 + 1, ' ') }, body]),
    code: 'document_too_complex',
  },
  {
    what: 'a list of types of 100,000 tags that do not end',
    name: 'a.docx',
    content: zip([{ ...types, content: '<Override '.repeat(100_000) }, body]),
    code: 'unsupported_media_type',
  },
  {
    what: 'an archive of more than 10,000 entries',
    name: 'a.docx',
    content: zip(many),
    code: 'document_too_complex',
  },
  {
    what: 'a directory that ends before its last entry',
    name: 'a.docx',
    content: zip(docxEntries, 9000),
    code: 'invalid_document',
  },
  {
    what: 'a document with macros under a name that promises none',
    name: 'a.docx',
    content: zip([contentTypes('/word/document.xml', macros), body]),
    code: 'unsupported_media_type',
    message: /'\.docm' document/,
  },
  {
    what: 'a compound file without root',
    name: 'a.doc',
    content: rootless,
    code: 'invalid_document',
  },
  {
    what: 'a compound file whose directory is a circle',
    name: 'a.doc',
    content: circle,
    code: 'document_too_complex',
  },
  {
    what: 'a compound file that ends in its header',
    name: 'a.doc',
    content: doc().subarray(0, 100),
    code: 'invalid_document',
  },
  {
    what: 'a workbook with a Word file in it, as a Word file',
    name: 'a.doc',
    content: compoundFile({ Workbook: Buffer.alloc(8) }, { WordDocument: wordStream() }),
    code: 'unsupported_media_type',
    message: /an Excel workbook \(\.xls\)/,
  },
]

for (const { what, name, content, code, message = /./ } of refused) {
  t.test(`refuses ${what}`, async (t) => {
    t.match(await validate(plugin, content, { name }), {
      ok: false,
      issues: [{ code, message }],
    })
  })
}
