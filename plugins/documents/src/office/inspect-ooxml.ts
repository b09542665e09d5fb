import type { Buffer } from 'node:buffer'
import { contentMismatch } from '../content-mismatch.ts'
import { DocumentFault } from '../document-fault.ts'
import type { FileReader } from '../file-reader.ts'
import { quote } from '../quote.ts'
import { sniffContent } from '../sniff-content.ts'
import { isCompoundFile, openCompoundFile } from './compound-file.ts'
import { openZip, type ZipArchive } from './zip-archive.ts'

/** Of a local file header, and of the end record that is all of an empty archive. */
const ZIP_SIGNATURES = ['504b0304', '504b0506']

export type OoxmlFacts = {
  readonly encrypted: boolean
  /** Of a workbook, where its part is small enough to be read. */
  readonly sheets?: number
}

/** Content types of main parts, ECMA-376 part 1, §11.3 and §12.3, and the extension of such a document. */
const mainTypes: readonly (readonly [ending: string, extension: string])[] = [
  ['wordprocessingml.document.main+xml', '.docx'],
  ['wordprocessingml.template.main+xml', '.dotx'],
  ['spreadsheetml.sheet.main+xml', '.xlsx'],
  ['spreadsheetml.template.main+xml', '.xltx'],
  ['presentationml.presentation.main+xml', '.pptx'],
  ['presentationml.slideshow.main+xml', '.ppsx'],
  ['ms-word.document.macroenabled.main+xml', '.docm'],
  ['ms-excel.sheet.macroenabled.main+xml', '.xlsm'],
  ['ms-excel.sheet.binary.macroenabled.main', '.xlsb'],
  ['ms-powerpoint.presentation.macroenabled.main+xml', '.pptm'],
]

/**
 * Office Open XML: a ZIP archive whose main part is of the type that the extension promises, or an encrypted
 * package, whose type nobody can tell without its password.
 *
 * @throws DocumentFault
 */
export async function inspectOoxml(
  reader: FileReader,
  extension: string,
): Promise<OoxmlFacts> {
  const head = await reader.read(0, 8)
  if (isCompoundFile(head)) {
    const file = await openCompoundFile(reader)
    if (file.streams.has('encryptedpackage')) return { encrypted: true }
    throw contentMismatch(extension, file.description)
  }
  if (!isZip(head)) {
    throw contentMismatch(extension, (await sniffContent(reader)).description)
  }
  const archive = await openZip(reader)
  const main = await findMainPart(archive)
  if (main === undefined) {
    throw contentMismatch(extension, 'a ZIP archive and no such document')
  }
  if (main.extension !== extension) {
    throw contentMismatch(extension, `that of a ${quote(main.extension)} document`)
  }
  if (!archive.has(main.name)) {
    throw new DocumentFault(
      'invalid_document',
      `The document is damaged: its main part ${quote(main.name)} is missing.`,
    )
  }
  const sheets = extension === '.xlsx' ? await countSheets(archive, main.name) : undefined
  return { encrypted: false, ...(sheets === undefined ? {} : { sheets }) }
}

function isZip(head: Buffer): boolean {
  return ZIP_SIGNATURES.includes(head.toString('hex', 0, 4))
}

type MainPart = { readonly name: string; readonly extension: string }

/** @throws DocumentFault when the list of types cannot be read */
async function findMainPart(archive: ZipArchive): Promise<MainPart | undefined> {
  const LIST = '[Content_Types].xml'
  if (!archive.has(LIST)) return undefined
  const content = await archive.read(LIST)
  if (content === undefined) {
    throw new DocumentFault(
      'document_too_complex',
      'The document is too complex: its list of content types has more than 1 MiB.',
    )
  }
  for (const [override] of textOf(content).matchAll(
    /<(?:\w{1,32}:)?Override\s[^<>]*>/g,
  )) {
    const type = attributeOf(override, 'ContentType').toLowerCase()
    const found = mainTypes.find(([ending]) => type.endsWith(ending))
    if (found === undefined) continue
    return {
      name: attributeOf(override, 'PartName').replace(/^\//, ''),
      extension: found[1],
    }
  }
  return undefined
}

async function countSheets(
  archive: ZipArchive,
  workbook: string,
): Promise<number | undefined> {
  const content = await archive.read(workbook)
  if (content === undefined) return undefined
  return [...textOf(content).matchAll(/<(?:\w{1,32}:)?sheet[\s/>]/g)].length
}

function attributeOf(tag: string, name: string): string {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag)
  return found?.[1] ?? found?.[2] ?? ''
}

/** XML parts are UTF-8 or UTF-16 with a byte order mark. */
function textOf(content: Buffer): string {
  const isUtf16 = content[0] === 0xff && content[1] === 0xfe
  return content.toString(isUtf16 ? 'utf16le' : 'utf8')
}
