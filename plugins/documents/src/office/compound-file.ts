import type { Buffer } from 'node:buffer'
import { DocumentFault } from '../document-fault.ts'
import type { FileReader } from '../file-reader.ts'

const HEADER_BYTES = 512
const ENTRY_BYTES = 128
const MAX_ENTRIES = 8192
const MAX_REGULAR_SECTOR = 0xfffffffa
const NO_STREAM = 0xffffffff
const DIFAT_IN_HEADER = 109

/** A compound file's streams of the topmost storage; [MS-CFB]. */
export interface CompoundFile {
  /** By their names in lower case. */
  readonly streams: ReadonlyMap<string, CompoundStream>
  /** What it seems to be, for people. */
  readonly description: string
  /** Bytes from the start of a stream; undefined of one that is too small to have sectors of its own. */
  readStart(stream: CompoundStream, length: number): Promise<Buffer | undefined>
}

export type CompoundStream = { readonly start: number; readonly size: number }

/** What programs call their main stream. */
const knownStreams: readonly (readonly [stream: string, what: string])[] = [
  ['encryptedpackage', 'an encrypted Office document'],
  ['worddocument', 'a Word document (.doc)'],
  ['workbook', 'an Excel workbook (.xls)'],
  ['book', 'an Excel workbook (.xls)'],
  ['powerpoint document', 'a PowerPoint presentation (.ppt)'],
  ['__properties_version1.0', 'an Outlook message (.msg)'],
]

export function isCompoundFile(head: Buffer): boolean {
  return head.toString('hex', 0, 8) === 'd0cf11e0a1b11ae1'
}

/**
 * Reads the directory of a compound file.
 *
 * @throws DocumentFault `invalid_document`, `document_too_complex`
 */
export async function openCompoundFile(reader: FileReader): Promise<CompoundFile> {
  const header = await reader.read(0, HEADER_BYTES)
  if (header.length < HEADER_BYTES) throw damaged('it ends within its header')
  const version = header.readUInt16LE(0x1a)
  const shift = header.readUInt16LE(0x1e)
  if (!((version === 3 && shift === 9) || (version === 4 && shift === 12))) {
    throw damaged(`its version is ${version} and its sector size 2^${shift}`)
  }
  const sectors = new Sectors(reader, header, 2 ** shift)
  const entries = await readEntries(sectors, header.readUInt32LE(0x30))
  const streams = streamsOfRoot(entries)
  const smallest = header.readUInt32LE(0x38)
  const known = knownStreams.find(([name]) => streams.has(name))
  return {
    streams,
    description: known?.[1] ?? 'a compound file of no known type',
    readStart: async ({ start, size }, length) =>
      size < smallest ? undefined : (await sectors.read(start)).subarray(0, length),
  }
}

type Entry = {
  readonly name: string
  readonly type: number
  readonly left: number
  readonly right: number
  readonly child: number
  readonly stream: CompoundStream
}

const STREAM = 2
const ROOT = 5

async function readEntries(sectors: Sectors, first: number): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (let sector = first; sector <= MAX_REGULAR_SECTOR; ) {
    const bytes = await sectors.read(sector)
    for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
      entries.push(entryAt(bytes.subarray(at, at + ENTRY_BYTES)))
    }
    // A chain that leads in a circle ends here too.
    if (entries.length > MAX_ENTRIES) {
      throw new DocumentFault(
        'document_too_complex',
        `The compound file has more than ${MAX_ENTRIES} directory entries, the most that is allowed.`,
      )
    }
    sector = await sectors.next(sector)
  }
  return entries
}

function entryAt(bytes: Buffer): Entry {
  const nameBytes = Math.min(bytes.readUInt16LE(0x40), 64)
  return {
    // The length counts the two bytes of the end.
    name: bytes.toString('utf16le', 0, Math.max(0, nameBytes - 2)).toLowerCase(),
    type: bytes.readUInt8(0x42),
    left: bytes.readUInt32LE(0x44),
    right: bytes.readUInt32LE(0x48),
    child: bytes.readUInt32LE(0x4c),
    stream: { start: bytes.readUInt32LE(0x74), size: bytes.readUInt32LE(0x78) },
  }
}

/** Documents that are embedded in another have their streams in storages of their own. */
function streamsOfRoot(entries: readonly Entry[]): ReadonlyMap<string, CompoundStream> {
  const [root] = entries
  if (root?.type !== ROOT) throw damaged('its directory has no root')
  const streams = new Map<string, CompoundStream>()
  const seen = new Set<number>([NO_STREAM])
  const waiting = [root.child]
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (seen.has(index)) continue
    seen.add(index)
    const entry = entries[index]
    if (entry === undefined) throw damaged(`its directory has no entry ${index}`)
    if (entry.type === STREAM) streams.set(entry.name, entry.stream)
    waiting.push(entry.left, entry.right)
  }
  return streams
}

/** The sectors of a compound file and the table that chains them. */
class Sectors {
  readonly #reader: FileReader
  readonly #header: Buffer
  readonly #bytes: number
  readonly #perSector: number

  constructor(reader: FileReader, header: Buffer, bytes: number) {
    this.#reader = reader
    this.#header = header
    this.#bytes = bytes
    this.#perSector = bytes / 4
  }

  /** A whole sector, or what the file has of its last one. */
  async read(sector: number): Promise<Buffer> {
    const bytes = await this.#reader.read((sector + 1) * this.#bytes, this.#bytes)
    if (bytes.length === 0) throw damaged(`it ends before its sector ${sector}`)
    return bytes
  }

  /** The sector that follows in a chain; above {@link MAX_REGULAR_SECTOR} where it ends. */
  async next(sector: number): Promise<number> {
    const table = await this.#tableSector(Math.floor(sector / this.#perSector))
    return this.#wordAt(table, sector % this.#perSector)
  }

  /** The n-th sector of the file allocation table. */
  async #tableSector(n: number): Promise<number> {
    if (n < DIFAT_IN_HEADER) return this.#header.readUInt32LE(0x4c + 4 * n)
    // A sector of the list holds the number of the next one in its last word.
    const perSector = this.#perSector - 1
    let sector = this.#header.readUInt32LE(0x44)
    for (let skip = Math.floor((n - DIFAT_IN_HEADER) / perSector); skip > 0; skip -= 1) {
      this.#reader.spend(this.#bytes)
      sector = await this.#wordAt(sector, perSector)
    }
    return this.#wordAt(sector, (n - DIFAT_IN_HEADER) % perSector)
  }

  async #wordAt(sector: number, index: number): Promise<number> {
    const bytes = await this.read(sector)
    if (bytes.length < 4 * index + 4) throw damaged(`it ends within its sector ${sector}`)
    return bytes.readUInt32LE(4 * index)
  }
}

function damaged(what: string): DocumentFault {
  return new DocumentFault('invalid_document', `The compound file is damaged: ${what}.`)
}
