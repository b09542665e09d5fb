import { contentMismatch } from './content-mismatch.ts'
import type { FileReader } from './file-reader.ts'
import { sniffContent } from './sniff-content.ts'

/** By extension, the kinds of content (names of `file-type`) that it may stand for. */
const kindsByExtension: Readonly<Record<string, readonly string[]>> = {
  '.png': ['png', 'apng'],
  '.jpg': ['jpg'],
  '.jpeg': ['jpg'],
  '.gif': ['gif'],
  '.webp': ['webp'],
  '.mp3': ['mp3'],
  // The container says little about what is in it, and recorders give either name.
  '.mp4': ['mp4', 'm4a', 'm4v', 'm4b'],
  '.m4a': ['m4a', 'mp4', 'm4b'],
  '.wav': ['wav'],
  '.webm': ['webm'],
}

/**
 * Images and audio: content that begins as the extension promises.
 *
 * @throws DocumentFault
 */
export async function inspectSignature(
  reader: FileReader,
  extension: string,
): Promise<void> {
  const { kind, description } = await sniffContent(reader)
  const kinds = kindsByExtension[extension] ?? []
  const isPromised = kind !== undefined && kinds.includes(kind)
  if (!isPromised || !(await isFullSignature(reader, kind))) {
    throw contentMismatch(extension, isPromised ? 'of no known type' : description)
  }
}

/** `file-type` takes three letters for a GIF, so a text may look like one. */
async function isFullSignature(reader: FileReader, kind: string): Promise<boolean> {
  return kind !== 'gif' || /^GIF8[79]a/.test((await reader.read(0, 6)).toString('latin1'))
}
