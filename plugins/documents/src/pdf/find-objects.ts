import type { Buffer } from 'node:buffer'
import type { DocumentFault } from '../document-fault.ts'
import { type FileReader, WINDOW_BYTES } from '../file-reader.ts'
import type { ObjectTable, Place } from './cross-references.ts'
import { readObjectStream } from './object-stream.ts'
import {
  complexPdf,
  invalidPdf,
  isDictionary,
  type PdfDictionary,
  type PdfObject,
  PdfReference,
  unlessInvalid,
} from './pdf-object.ts'
import { parseAt, readIndirect } from './read-indirect.ts'

const MAX_OBJECTS = 500_000
/** Trailers, and streams of the structure, of each kind. */
const MAX_LANDMARKS = 10_000

/** Bytes of the longest thing that is searched for, and more. */
const OVERLAP = 64
const WANTED =
  /\b(\d{1,10})\s{1,16}\d{1,5}\s{1,16}obj\b|\b(trailer)\b|\/(XRef|ObjStm|Catalog)\b/g

type Landmarks = {
  /** By object number, where it is last. */
  readonly objects: Map<number, number>
  /** Offsets. */
  readonly trailers: number[]
  /** Offsets of the objects that these names are in. */
  readonly named: Readonly<Record<'XRef' | 'ObjStm' | 'Catalog', Set<number>>>
}

/**
 * Searches a PDF whose cross-references are wrong for its objects, as programs that show it do.
 *
 * @throws DocumentFault
 */
export async function findObjects(reader: FileReader): Promise<ObjectTable> {
  const landmarks = await readLandmarks(reader)
  const { objects } = landmarks
  const trailer = await findTrailer(reader, landmarks)
  const packed = trailer.has('Encrypt')
    ? new Map<number, Place>()
    : await findPacked(reader, landmarks)
  return {
    trailer,
    size: objects.size + packed.size,
    async find(number) {
      const offset = objects.get(number)
      return offset === undefined ? packed.get(number) : { kind: 'offset', offset }
    },
  }
}

async function readLandmarks(reader: FileReader): Promise<Landmarks> {
  const objects = new Map<number, number>()
  const trailers: number[] = []
  const named = {
    XRef: new Set<number>(),
    ObjStm: new Set<number>(),
    Catalog: new Set<number>(),
  }
  let object: number | undefined
  let overlap: Buffer | undefined
  for (let at = 0; at < reader.size; at += WINDOW_BYTES) {
    const chunk = await reader.read(at, WINDOW_BYTES)
    const seen = overlap?.length ?? 0
    const text = (overlap?.toString('latin1') ?? '') + chunk.toString('latin1')
    for (const match of text.matchAll(WANTED)) {
      // Found in the window before, perhaps with more of its number.
      if (match.index + match[0].length <= seen) continue
      const offset = at - seen + match.index
      const [, number, trailer, name] = match
      if (number !== undefined) {
        object = offset
        objects.set(Number(number), offset)
      } else if (trailer !== undefined) {
        if (trailers.length < MAX_LANDMARKS) trailers.push(offset)
      } else if (name === 'XRef' || name === 'ObjStm' || name === 'Catalog') {
        if (object !== undefined && named[name].size < MAX_LANDMARKS)
          named[name].add(object)
      }
    }
    if (objects.size > MAX_OBJECTS) throw tooMany()
    overlap = chunk.subarray(-OVERLAP)
  }
  return { objects, trailers, named }
}

/** The last trailer that names a catalog, or seems to; where there is none, one that names the last catalog. */
async function findTrailer(
  reader: FileReader,
  { objects, trailers, named }: Landmarks,
): Promise<PdfDictionary> {
  const dictionaries = [
    ...trailers.map((offset) => () => readTrailer(reader, offset)),
    ...[...named.XRef].map((offset) => () => readDictionary(reader, offset)),
  ]
  let packed: PdfDictionary | undefined
  for (const read of dictionaries.reverse()) {
    const dictionary = await read().catch(unlessInvalid)
    const root = isDictionary(dictionary) ? dictionary.get('Root') : undefined
    if (!isDictionary(dictionary) || root === undefined) continue
    const at = root instanceof PdfReference ? objects.get(root.number) : undefined
    if (at === undefined) packed ??= dictionary
    else {
      // Where two PDFs were put together, only one of their trailers fits.
      const catalog = await readDictionary(reader, at).catch(unlessInvalid)
      if (isDictionary(catalog) && catalog.has('Pages')) return dictionary
    }
  }
  if (packed !== undefined) return packed
  for (const offset of [...named.Catalog].reverse()) {
    for (const [number, place] of objects) {
      if (place === offset) return new Map([['Root', new PdfReference(number)]])
    }
  }
  throw invalidPdf('nothing in it names a catalog')
}

function readTrailer(reader: FileReader, offset: number): Promise<PdfObject> {
  return parseAt(reader, offset, (parser) => {
    parser.take('trailer')
    return parser.object()
  })
}

async function readDictionary(reader: FileReader, offset: number): Promise<PdfObject> {
  return (await readIndirect(reader, offset)).value
}

async function findPacked(
  reader: FileReader,
  { objects, named }: Landmarks,
): Promise<ReadonlyMap<number, Place>> {
  const packed = new Map<number, Place>()
  const resolve = async ({ number }: PdfReference) => {
    const offset = objects.get(number)
    return offset === undefined ? null : readDictionary(reader, offset)
  }
  for (const [stream, offset] of objects) {
    if (!named.ObjStm.has(offset)) continue
    const found = await readObjectStream(reader, offset, resolve).catch(unlessInvalid)
    for (const [index, number] of (found?.numbers ?? []).entries()) {
      packed.set(number, { kind: 'packed', stream, index })
    }
    if (packed.size > MAX_OBJECTS) throw tooMany()
  }
  return packed
}

function tooMany(): DocumentFault {
  return complexPdf(
    `its cross-references are wrong and it has more than ${MAX_OBJECTS} objects`,
  )
}
