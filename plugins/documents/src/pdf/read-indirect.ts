import type { FileReader } from '../file-reader.ts'
import { invalidPdf, type PdfObject } from './pdf-object.ts'
import { NeedsMoreBytes, PdfParser } from './pdf-parser.ts'

/** A page tree of one level with half a million pages fits. */
const MAX_OBJECT_BYTES = 4 * 1024 * 1024
const FIRST_READ = 2048

export type IndirectObject = {
  readonly number: number
  readonly value: PdfObject
  /** Offset in the file of a stream's bytes. */
  readonly streamAt: number | undefined
}

/**
 * Parses something at an offset of the file, with as many bytes as that takes.
 *
 * @throws DocumentFault
 */
export async function parseAt<T>(
  reader: FileReader,
  offset: number,
  parse: (parser: PdfParser) => T,
): Promise<T> {
  for (let length = FIRST_READ; ; length *= 4) {
    const bytes = await reader.read(offset, length)
    reader.spend(bytes.length)
    try {
      return parse(new PdfParser(bytes, { isWhole: bytes.length < length }))
    } catch (error) {
      if (!(error instanceof NeedsMoreBytes)) throw error
      if (length < MAX_OBJECT_BYTES) continue
      throw invalidPdf(
        `what begins at byte ${offset} has more than ${MAX_OBJECT_BYTES} bytes`,
      )
    }
  }
}

/**
 * The indirect object at an offset, ISO 32000-1, 7.3.10.
 *
 * @throws DocumentFault
 */
export function readIndirect(
  reader: FileReader,
  offset: number,
): Promise<IndirectObject> {
  return parseAt(reader, offset, (parser) => {
    const number = parser.integer()
    if (number === undefined || parser.integer() === undefined || !parser.take('obj')) {
      throw invalidPdf(`no object begins at byte ${offset}`)
    }
    const value = parser.object()
    if (!parser.take('stream')) return { number, value, streamAt: undefined }
    parser.skipLineEnd()
    return { number, value, streamAt: offset + parser.position }
  })
}
