import type { Buffer } from 'node:buffer'
import type { DocumentFault } from '../document-fault.ts'
import type { FileReader } from '../file-reader.ts'
import { decodeStream } from './decode-stream.ts'
import {
  complexPdf,
  invalidPdf,
  isArray,
  isCount,
  isDictionary,
  type PdfDictionary,
} from './pdf-object.ts'
import { parseAt, readIndirect } from './read-indirect.ts'

/** Where an indirect object is. */
export type Place =
  | { readonly kind: 'offset'; readonly offset: number }
  /** In the object stream of that number. */
  | { readonly kind: 'packed'; readonly stream: number; readonly index: number }

/** What says where objects are. */
export interface ObjectTable {
  /** The latest trailer: `Root`, `Encrypt`. */
  readonly trailer: PdfDictionary
  /** Objects that there may be at most. */
  readonly size: number
  /** Undefined for an object that does not exist. @throws DocumentFault */
  find(number: number): Promise<Place | undefined>
}

/** A run of object numbers. The newest runs come first. */
type Section = {
  readonly first: number
  readonly count: number
  /** By index into the run; null for an object that was deleted. */
  readonly entry: (index: number) => Place | null | Promise<Place | null>
}

type Found = {
  readonly sections: Section[]
  /** Content of cross-reference streams, which stays in memory. */
  heldBytes: number
}

type Links = { readonly trailer: PdfDictionary; readonly hybrid: number | undefined }

/** An update adds a few. In a file with more it is faster to search for the objects. */
const MAX_SECTIONS = 10_000
const MAX_HELD_BYTES = 32 * 1024 * 1024

/**
 * Reads the cross-reference tables and streams from the newest one back to the first, ISO 32000-1, 7.5.4 and 7.5.8.
 * Entries of tables stay in the file until they are asked for.
 *
 * @throws DocumentFault
 */
export async function readCrossReferences(
  reader: FileReader,
  startxref: number,
  origin: number,
): Promise<ObjectTable> {
  const found: Found = { sections: [], heldBytes: 0 }
  const { sections } = found
  const trailers: PdfDictionary[] = []
  const seen = new Set<number>()
  const waiting = [startxref]
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (seen.has(at)) continue
    seen.add(at)
    const { trailer, hybrid } = await readOne(reader, at + origin, origin, found)
    if (seen.size > MAX_SECTIONS) throw tooManySections()
    trailers.push(trailer)
    const previous = trailer.get('Prev')
    if (isCount(previous)) waiting.push(previous)
    if (hybrid !== undefined) waiting.push(hybrid)
  }
  const trailer = trailers.find((one) => one.has('Root'))
  if (trailer === undefined) throw invalidPdf('no trailer names its catalog')
  return {
    trailer,
    size: sections.reduce((sum, { count }) => sum + count, 0),
    async find(number) {
      for (const { first, count, entry } of sections) {
        if (number >= first && number < first + count) {
          return (await entry(number - first)) ?? undefined
        }
      }
      return undefined
    },
  }
}

async function readOne(
  reader: FileReader,
  offset: number,
  origin: number,
  found: Found,
): Promise<Links> {
  const isTable = await parseAt(reader, offset, (parser) => parser.take('xref'))
  return isTable
    ? readTable(reader, offset, origin, found)
    : { trailer: await readStream(reader, offset, origin, found), hybrid: undefined }
}

async function readTable(
  reader: FileReader,
  offset: number,
  origin: number,
  found: Found,
): Promise<Links> {
  let at = await parseAt(reader, offset, (parser) => {
    parser.take('xref')
    return offset + parser.position
  })
  for (;;) {
    const header = await parseAt(reader, at, (parser) => {
      if (parser.take('trailer')) return { trailer: parser.object() }
      const first = parser.integer()
      const count = parser.integer()
      // The entries begin with the next digit.
      const width = count === 0 ? undefined : parser.integer()
      if (first === undefined || count === undefined) {
        throw invalidPdf(`its cross-reference table at byte ${offset} does not end`)
      }
      return { first, count, end: parser.position, width }
    })
    if ('trailer' in header) {
      const { trailer } = header
      if (!isDictionary(trailer)) throw invalidPdf('its trailer is no dictionary')
      const hybrid = trailer.get('XRefStm')
      return { trailer, hybrid: isCount(hybrid) ? hybrid : undefined }
    }
    const { first, count, end, width } = header
    if (count === 0) {
      at += end
      continue
    }
    if (width === undefined) throw invalidPdf('a cross-reference section has no entries')
    const start = at + end - OFFSET_DIGITS
    const bytes = await entryBytes(reader, start)
    addSection(found, {
      first,
      count,
      entry: (index) => readEntry(reader, start + index * bytes, origin),
    })
    at = start + count * bytes
  }
}

const OFFSET_DIGITS = 10
const ENTRY = /^(\d{10})[ \t](\d{5})[ \t]([nf])/

/** 20 bytes by the standard; some writers end lines with one byte instead of two. */
async function entryBytes(reader: FileReader, start: number): Promise<19 | 20> {
  const after = (await reader.read(start + 18, 2)).toString('latin1')
  return /^[\r\n]\d$|^[\r\n]t$/.test(after) ? 19 : 20
}

async function readEntry(
  reader: FileReader,
  at: number,
  origin: number,
): Promise<Place | null> {
  const found = ENTRY.exec((await reader.read(at, 18)).toString('latin1'))
  if (found === null) throw invalidPdf(`no cross-reference entry is at byte ${at}`)
  const offset = Number(found[1])
  return found[3] === 'n' && offset > 0
    ? { kind: 'offset', offset: offset + origin }
    : null
}

async function readStream(
  reader: FileReader,
  offset: number,
  origin: number,
  found: Found,
): Promise<PdfDictionary> {
  const { value, streamAt } = await readIndirect(reader, offset)
  if (!isDictionary(value) || streamAt === undefined || value.get('Type') !== 'XRef') {
    throw invalidPdf(`no cross-references are at byte ${offset}`)
  }
  const length = value.get('Length')
  const widths = value.get('W')
  if (!isCount(length) || !isArray(widths) || !isWidths(widths)) {
    throw invalidPdf('a cross-reference stream has no length or widths')
  }
  const bytes = await decodeStream(reader, value, { start: streamAt, length })
  found.heldBytes += bytes.length
  if (found.heldBytes > MAX_HELD_BYTES) {
    throw complexPdf(`its cross-references have more than ${MAX_HELD_BYTES} bytes`)
  }
  const size = value.get('Size')
  const index = value.get('Index') ?? [0, isCount(size) ? size : 0]
  if (!isArray(index))
    throw invalidPdf('the index of a cross-reference stream is no array')
  const entrySize = widths[0] + widths[1] + widths[2]
  let at = 0
  for (let i = 0; i + 1 < index.length; i += 2) {
    const first = index[i]
    const count = index[i + 1]
    if (!isCount(first) || !isCount(count)) {
      throw invalidPdf('the index of a cross-reference stream has no numbers')
    }
    const start = at
    const there = Math.min(count, Math.floor((bytes.length - start) / entrySize))
    addSection(found, {
      first,
      count: there,
      entry: (n) => packedEntry(bytes, start + n * entrySize, widths, origin),
    })
    at += there * entrySize
  }
  return value
}

type Widths = readonly [number, number, number]

function isWidths(widths: readonly unknown[]): widths is Widths {
  const areCounts = widths.every(
    (width) =>
      typeof width === 'number' && Number.isInteger(width) && width >= 0 && width <= 8,
  )
  return areCounts && widths.length === 3 && widths[1] !== 0
}

/** ISO 32000-1, table 18. A first field of no width means type 1. */
function packedEntry(
  bytes: Buffer,
  at: number,
  [typeWidth, width, lastWidth]: Widths,
  origin: number,
): Place | null {
  const type = typeWidth === 0 ? 1 : numberAt(bytes, at, typeWidth)
  const value = numberAt(bytes, at + typeWidth, width)
  if (type === 1) return { kind: 'offset', offset: value + origin }
  if (type !== 2) return null
  const index = numberAt(bytes, at + typeWidth + width, lastWidth)
  return { kind: 'packed', stream: value, index }
}

function numberAt(bytes: Buffer, at: number, width: number): number {
  let value = 0
  for (let i = at; i < at + width; i += 1) value = value * 256 + (bytes[i] ?? 0)
  return value
}

function addSection({ sections }: Found, section: Section): void {
  sections.push(section)
  if (sections.length > MAX_SECTIONS) throw tooManySections()
}

function tooManySections(): DocumentFault {
  return invalidPdf(`it has more than ${MAX_SECTIONS} cross-reference sections`)
}
