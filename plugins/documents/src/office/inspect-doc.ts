import { contentMismatch } from '../content-mismatch.ts'
import type { FileReader } from '../file-reader.ts'
import { sniffContent } from '../sniff-content.ts'
import { isCompoundFile, openCompoundFile } from './compound-file.ts'

/** [MS-DOC] 2.5.2: what the stream begins with, and the flags at offset 10. */
const WORD_IDENT = 0xa5ec
const FLAGS_AT = 10
const ENCRYPTED = 0x0100

/**
 * Word 97 to 2003: a compound file with the stream `WordDocument`.
 *
 * @throws DocumentFault
 */
export async function inspectDoc(
  reader: FileReader,
  extension: string,
): Promise<{ readonly encrypted: boolean }> {
  if (!isCompoundFile(await reader.read(0, 8))) {
    throw contentMismatch(extension, (await sniffContent(reader)).description)
  }
  const file = await openCompoundFile(reader)
  const word = file.streams.get('worddocument')
  if (word === undefined) throw contentMismatch(extension, file.description)
  const start = await file.readStart(word, FLAGS_AT + 2)
  const isReadable =
    start !== undefined &&
    start.length >= FLAGS_AT + 2 &&
    start.readUInt16LE(0) === WORD_IDENT
  return { encrypted: isReadable && (start.readUInt16LE(FLAGS_AT) & ENCRYPTED) !== 0 }
}
