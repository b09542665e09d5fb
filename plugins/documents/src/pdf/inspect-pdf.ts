import type { Buffer } from 'node:buffer'
import { contentMismatch } from '../content-mismatch.ts'
import { DocumentFault } from '../document-fault.ts'
import type { FileReader } from '../file-reader.ts'
import { sniffContent } from '../sniff-content.ts'
import { type ObjectTable, readCrossReferences } from './cross-references.ts'
import { findFirstPage } from './find-first-page.ts'
import { findObjects } from './find-objects.ts'
import { LockedObject, PdfDocument } from './pdf-document.ts'
import { invalidPdf, isCount, isDictionary, unlessInvalid } from './pdf-object.ts'
import { parseAt, readIndirect } from './read-indirect.ts'

export type PdfFindings = {
  readonly encrypted: boolean
  /** As the page tree tells it, where that can be. */
  readonly pages?: number
  /** Why its objects had to be searched for. */
  readonly repaired?: string
}

/** Readers look for the header in as many bytes, ISO 32000-1, annex H, note 13. */
const HEADER_WITHIN = 1024
const END_WITHIN = [2048, 1024 * 1024]

/**
 * Walks from the end of a PDF to its first page.
 *
 * @throws DocumentFault
 */
export async function inspectPdf(
  reader: FileReader,
  extension: string,
): Promise<PdfFindings> {
  const head = await reader.read(0, HEADER_WITHIN)
  const origin = head.indexOf('%PDF-')
  if (origin === -1) {
    throw contentMismatch(extension, (await sniffContent(reader)).description)
  }
  await requireWholeIfLinearized(reader, origin)
  const startxref = await findStart(reader)
  try {
    return await readFindings(
      reader,
      await readCrossReferences(reader, startxref, origin),
    )
  } catch (error) {
    if (!(error instanceof DocumentFault) || error.code !== 'invalid_pdf') throw error
    const findings = await readFindings(reader, await findObjects(reader))
    const [, repaired = error.message] = /: (.*)\.$/s.exec(error.message) ?? []
    return { ...findings, repaired }
  }
}

async function readFindings(
  reader: FileReader,
  table: ObjectTable,
): Promise<Omit<PdfFindings, 'repaired'>> {
  const document = new PdfDocument(reader, table)
  const { trailer } = table
  const encrypted = trailer.has('Encrypt') && (await isEncrypted(document, table))
  try {
    const pages = await findFirstPage(document, trailer)
    const isPossible = pages !== undefined && pages <= table.size
    return { encrypted, ...(isPossible ? { pages } : {}) }
  } catch (error) {
    // The page tree is there for whoever has the password.
    if (encrypted && error instanceof LockedObject) return { encrypted }
    throw error instanceof LockedObject ? invalidPdf('its page tree is encrypted') : error
  }
}

async function isEncrypted(
  document: PdfDocument,
  { trailer }: ObjectTable,
): Promise<boolean> {
  const how = await document.resolve(trailer.get('Encrypt'))
  return isDictionary(how) && how.has('Filter')
}

/** A linearized PDF tells its length first, so that a cut one shows; annex F. */
async function requireWholeIfLinearized(
  reader: FileReader,
  origin: number,
): Promise<void> {
  const head = (await reader.read(origin, HEADER_WITHIN)).toString('latin1')
  const at = /\b\d{1,10}\s{1,16}\d{1,5}\s{1,16}obj\b/.exec(head)?.index
  if (at === undefined || !head.includes('/Linearized')) return
  const first = await readIndirect(reader, origin + at).catch(unlessInvalid)
  const length = isDictionary(first?.value) ? first.value.get('L') : undefined
  if (isCount(length) && length > reader.size) {
    throw invalidPdf(`it ends at byte ${reader.size} of ${length}`)
  }
}

/**
 * What the last `startxref` says; what follows the end of the PDF is passed over. Where no number is, the end of the
 * file: nothing is found there and the objects are searched for.
 */
async function findStart(reader: FileReader): Promise<number> {
  let tail: Buffer | undefined
  for (const length of END_WITHIN) {
    const from = Math.max(0, reader.size - length)
    tail = await reader.read(from, length)
    const at = tail.lastIndexOf('startxref')
    if (at === -1) continue
    return parseAt(reader, from + at, (parser) => {
      parser.take('startxref')
      return parser.integer() ?? reader.size
    })
  }
  if (tail?.includes('%%EOF')) return reader.size
  throw invalidPdf('it has neither startxref nor %%EOF near its end, so it has been cut')
}
