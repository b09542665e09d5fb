import type { Buffer } from 'node:buffer'
import { PassThrough } from 'node:stream'
import { inflateRawSync } from 'node:zlib'
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl'
import { DocumentFault } from '../document-fault.ts'
import type { FileReader } from '../file-reader.ts'

/** A document with ten thousand parts is a whole library. */
export const MAX_ENTRIES = 10_000

/** What is inflated of one archive in all. */
export const MAX_INFLATED_BYTES = 1024 * 1024

const STORED = 0
const DEFLATED = 8

/** The entries of an archive by name (a later one of the same name counts), and their content. */
export interface ZipArchive {
  has(name: string): boolean
  /**
   * An entry's content; undefined when there is none, or when it would exceed what is inflated in all.
   *
   * @throws DocumentFault
   */
  read(name: string): Promise<Buffer | undefined>
}

/**
 * Reads the central directory.
 *
 * @throws DocumentFault `invalid_document`, `document_too_complex`
 */
export async function openZip(reader: FileReader): Promise<ZipArchive> {
  const source = new ZipSource(reader)
  try {
    return await readDirectory(source, reader)
  } catch (error) {
    throw source.failure ?? asFault(error)
  }
}

async function readDirectory(source: ZipSource, reader: FileReader): Promise<ZipArchive> {
  const zip = await fromRandomAccessReaderPromise(source, reader.size, {
    autoClose: false,
    // Names are of no interest but for those of a few parts, and no entry is extracted.
    decodeStrings: false,
    validateEntrySizes: false,
  })
  if (zip.entryCount > MAX_ENTRIES) {
    throw new DocumentFault(
      'document_too_complex',
      `The ZIP archive has ${zip.entryCount} entries; at most ${MAX_ENTRIES} are allowed.`,
    )
  }
  const entries = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) {
    entries.set(entry.fileNameRaw.toString(), entry)
  }
  let left = MAX_INFLATED_BYTES
  return {
    has: (name) => entries.has(name),
    async read(name) {
      const entry = entries.get(name)
      if (
        entry === undefined ||
        Math.max(entry.uncompressedSize, entry.compressedSize) > left
      )
        return undefined
      try {
        const header = await zip.readLocalFileHeaderPromise(entry, { minimal: true })
        const stored = await reader.read(header.fileDataStart, entry.compressedSize)
        const content = decode(entry, stored)
        left -= content.length
        return content
      } catch (error) {
        throw source.failure ?? asFault(error)
      }
    },
  }
}

/** @throws an error that says what is wrong with the entry */
function decode(entry: Entry, stored: Buffer): Buffer {
  if (entry.isEncrypted()) throw new Error('an entry is encrypted')
  const method = entry.compressionMethod
  if (method !== STORED && method !== DEFLATED) {
    throw new Error(`unsupported compression method: ${method}`)
  }
  const { uncompressedSize } = entry
  const content =
    method === STORED
      ? stored
      : inflateRawSync(stored, { maxOutputLength: uncompressedSize + 1 })
  if (content.length === uncompressedSize) return content
  throw new Error(
    `an entry has ${content.length} bytes where the directory says ${uncompressedSize}`,
  )
}

/** Whatever yauzl and zlib say of an archive is a fault of the archive. */
function asFault(error: unknown): unknown {
  if (error instanceof DocumentFault || !(error instanceof Error)) return error
  return new DocumentFault(
    'invalid_document',
    `The ZIP archive is damaged: ${error.message.replace(/\.$/, '')}.`,
  )
}

/** What yauzl reads through. A failed read is told apart from a bad archive by `failure`. */
class ZipSource extends RandomAccessReader {
  readonly #reader: FileReader
  failure: unknown

  constructor(reader: FileReader) {
    super()
    this.#reader = reader
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.#reader.read(position, length).then(
      (bytes) => {
        bytes.copy(buffer, offset)
        callback(null, bytes.length)
      },
      (error: unknown) => {
        this.failure = error
        callback(error instanceof Error ? error : new Error(String(error)))
      },
    )
  }

  /** Content is read by its offset, never as a stream. */
  override _readStreamForRange(): PassThrough {
    return new PassThrough().end()
  }
}
