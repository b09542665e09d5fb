import type { Buffer } from 'node:buffer'
import type { PluginFile } from '@custody/plugin-api'
import { contentMismatch } from '../content-mismatch.ts'
import type { FileReader } from '../file-reader.ts'
import { sniffContent } from '../sniff-content.ts'
import { readLegacyText } from './read-legacy-text.ts'
import type { TextEncoding, UnicodeEncoding } from './text-encoding.ts'

/** Formats that are written in readable characters but are no plain text. */
const foreignStarts: readonly (readonly [start: string, what: string])[] = [
  ['%PDF-', 'of type application/pdf'],
  ['{\\rtf', 'of type application/rtf'],
  ['%!PS', 'of type application/postscript'],
]

/**
 * Reads all of a file as text and finds its encoding: Unicode, by byte order mark or as UTF-8, without U+0000;
 * otherwise any encoding of eight bits, without control characters.
 *
 * @throws DocumentFault
 */
export async function probeText(
  file: PluginFile,
  reader: FileReader,
): Promise<TextEncoding> {
  const { extension } = file
  const head = await reader.read(0, 16)
  const marked = markedEncoding(head)
  const start = head.toString('latin1', marked === 'utf-8' ? 3 : 0)
  const foreign = foreignStarts.find(([signature]) => start.startsWith(signature))
  if (foreign !== undefined) throw contentMismatch(extension, foreign[1])

  const encoding = marked ?? 'utf-8'
  const found = await readUnicode(file, encoding)
  if (found === 'text') return encoding
  const { kind, description } = await sniffContent(reader)
  if (found === 'nul') {
    throw contentMismatch(
      extension,
      kind === undefined ? 'binary (it holds U+0000)' : description,
    )
  }
  if (marked !== undefined) {
    throw contentMismatch(
      extension,
      `not the ${marked} text that its first bytes promise`,
    )
  }
  // Of these two letters alone are asked for, and without a NUL it is neither.
  if (kind !== undefined && kind !== 'bmp' && kind !== 'exe') {
    throw contentMismatch(extension, description)
  }
  const legacy = await readLegacyText(file)
  if (legacy !== undefined) return legacy
  throw contentMismatch(extension, 'binary (it holds control characters)')
}

/** By a byte order mark, https://encoding.spec.whatwg.org/#bom-sniff */
function markedEncoding(head: Buffer): UnicodeEncoding | undefined {
  const mark = head.toString('hex', 0, 3)
  if (mark === 'efbbbf') return 'utf-8'
  if (mark.startsWith('fffe')) return 'utf-16le'
  if (mark.startsWith('feff')) return 'utf-16be'
  return undefined
}

async function readUnicode(
  file: PluginFile,
  encoding: UnicodeEncoding,
): Promise<'text' | 'nul' | 'invalid'> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  const decode = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      return undefined
    }
  }
  for await (const chunk of file.bytes()) {
    const text = decode(chunk)
    if (text === undefined) {
      return encoding === 'utf-8' && chunk.includes(0) ? 'nul' : 'invalid'
    }
    if (text.includes('\0')) return 'nul'
  }
  return decode() === undefined ? 'invalid' : 'text'
}
