import { Buffer } from 'node:buffer'
import { constants, inflateSync } from 'node:zlib'
import type { FileReader } from '../file-reader.ts'
import {
  complexPdf,
  invalidPdf,
  isArray,
  isCount,
  isDictionary,
  type PdfDictionary,
  type PdfObject,
} from './pdf-object.ts'

/** Of a cross-reference stream that is a million objects and more. */
export const MAX_STREAM_BYTES = 16 * 1024 * 1024

const TOO_LARGE = `a stream of its structure has more than ${MAX_STREAM_BYTES} bytes`

/**
 * The content of a stream that belongs to the structure of a PDF: deflated or plain, with a PNG predictor or none,
 * ISO 32000-1, 7.4.4.
 *
 * @throws DocumentFault
 */
export async function decodeStream(
  reader: FileReader,
  dictionary: PdfDictionary,
  { start, length }: { readonly start: number; readonly length: number },
): Promise<Buffer> {
  if (length > MAX_STREAM_BYTES) throw complexPdf(TOO_LARGE)
  const stored = await reader.read(start, length)
  if (stored.length < length) throw invalidPdf('it ends within a stream of its structure')
  const filter = onlyOf(dictionary.get('Filter'))
  if (filter === null) return stored
  if (filter !== 'FlateDecode' && filter !== 'Fl') {
    throw invalidPdf('a stream of its structure has a filter other than FlateDecode')
  }
  const inflated = inflate(stored)
  reader.spend(inflated.length)
  const parameters = onlyOf(dictionary.get('DecodeParms'))
  return isDictionary(parameters) ? undoPredictor(inflated, parameters) : inflated
}

function onlyOf(object: PdfObject | undefined): PdfObject {
  if (!isArray(object)) return object ?? null
  return object.length > 1 ? false : (object[0] ?? null)
}

function inflate(stored: Buffer): Buffer {
  try {
    return inflateSync(stored, {
      maxOutputLength: MAX_STREAM_BYTES,
      // Many a writer counts a byte too few.
      finishFlush: constants.Z_SYNC_FLUSH,
    })
  } catch (error) {
    const isTooLarge =
      error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
    throw isTooLarge
      ? complexPdf(TOO_LARGE)
      : invalidPdf('a stream of its structure cannot be inflated')
  }
}

function undoPredictor(bytes: Buffer, parameters: PdfDictionary): Buffer {
  const predictor = parameters.get('Predictor') ?? 1
  if (predictor === 1) return bytes
  const bits = parameters.get('BitsPerComponent') ?? 8
  const colours = parameters.get('Colors') ?? 1
  const columns = parameters.get('Columns') ?? 1
  if (!isCount(predictor) || predictor < 10 || bits !== 8 || colours !== 1) {
    throw invalidPdf('a stream of its structure has a predictor of no use there')
  }
  if (!isCount(columns) || columns < 1 || columns > MAX_STREAM_BYTES) {
    throw invalidPdf('a predictor has a number of columns that makes no sense')
  }
  return undoPngFilters(bytes, columns)
}

/** PNG filters over rows of single bytes, https://www.w3.org/TR/png-3/#9Filter-types */
function undoPngFilters(bytes: Buffer, columns: number): Buffer {
  const rows = Math.floor(bytes.length / (columns + 1))
  const result = Buffer.alloc(rows * columns)
  for (let row = 0; row < rows; row += 1) {
    const filter = bytes[row * (columns + 1)]
    const from = row * (columns + 1) + 1
    const to = row * columns
    for (let i = 0; i < columns; i += 1) {
      const left = i > 0 ? (result[to + i - 1] ?? 0) : 0
      const up = row > 0 ? (result[to + i - columns] ?? 0) : 0
      const upLeft = row > 0 && i > 0 ? (result[to + i - columns - 1] ?? 0) : 0
      result[to + i] = (bytes[from + i] ?? 0) + predicted(filter, left, up, upLeft)
    }
  }
  return result
}

function predicted(
  filter: number | undefined,
  left: number,
  up: number,
  upLeft: number,
): number {
  switch (filter) {
    case 0:
      return 0
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4: {
      const toLeft = Math.abs(up - upLeft)
      const toUp = Math.abs(left - upLeft)
      const toUpLeft = Math.abs(left + up - 2 * upLeft)
      if (toLeft <= toUp && toLeft <= toUpLeft) return left
      return toUp <= toUpLeft ? up : upLeft
    }
    default:
      throw invalidPdf('a predictor has rows of no known filter')
  }
}
