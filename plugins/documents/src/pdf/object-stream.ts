import type { FileReader } from '../file-reader.ts'
import { decodeStream } from './decode-stream.ts'
import {
  complexPdf,
  invalidPdf,
  isCount,
  isDictionary,
  type PdfObject,
  PdfReference,
} from './pdf-object.ts'
import { PdfParser } from './pdf-parser.ts'
import { readIndirect } from './read-indirect.ts'

/** Writers put some hundred objects into one. */
const MAX_OBJECTS = 500_000

/** Objects that are stored together, compressed. */
export type ObjectStream = {
  /** Their numbers, by index. */
  readonly numbers: readonly number[]
  /** @throws DocumentFault */
  readonly object: (index: number) => PdfObject
}

/**
 * Reads the object stream at an offset, ISO 32000-1, 7.5.7. `resolve` is asked for its length, which may be an
 * object of its own.
 *
 * @throws DocumentFault
 */
export async function readObjectStream(
  reader: FileReader,
  offset: number,
  resolve: (reference: PdfReference) => Promise<PdfObject>,
): Promise<ObjectStream> {
  const { value, streamAt } = await readIndirect(reader, offset)
  if (!isDictionary(value) || streamAt === undefined || value.get('Type') !== 'ObjStm') {
    throw invalidPdf(`no object stream is at byte ${offset}`)
  }
  const declared = value.get('Length')
  const length = declared instanceof PdfReference ? await resolve(declared) : declared
  const count = value.get('N')
  const first = value.get('First')
  if (!isCount(length) || !isCount(count) || !isCount(first)) {
    throw invalidPdf(`the object stream at byte ${offset} has no length, N or First`)
  }
  if (count > MAX_OBJECTS) throw complexPdf(`an object stream has ${count} objects`)
  const bytes = await decodeStream(reader, value, { start: streamAt, length })
  const header = new PdfParser(bytes, { isWhole: true })
  const numbers: number[] = []
  const offsets: number[] = []
  for (let i = 0; i < count; i += 1) {
    const number = header.integer()
    const at = header.integer()
    if (number === undefined || at === undefined) break
    numbers.push(number)
    offsets.push(first + at)
  }
  return {
    numbers,
    object(index) {
      const at = offsets[index]
      if (at === undefined || at >= bytes.length) {
        throw invalidPdf(`the object stream at byte ${offset} has no object ${index}`)
      }
      reader.spend(1)
      return new PdfParser(bytes, { at, isWhole: true }).object()
    },
  }
}
