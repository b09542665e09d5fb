import type { PluginFile } from '@custody/plugin-api'
import type { TextEncoding } from './text-encoding.ts'

const CONTROL = 1
const C1 = 2
const UNDEFINED_1252 = 4

/** What each byte says. Control characters that texts hold are no sign of anything, as for file(1). */
const signs: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  const isTextControl = (byte >= 0x07 && byte <= 0x0d) || byte === 0x1b
  if ((byte < 0x20 && !isTextControl) || byte === 0x7f) return CONTROL
  if ([0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte)) return UNDEFINED_1252
  return byte >= 0x80 && byte <= 0x9f ? C1 : 0
})

/** The encoding of a text that is not Unicode; undefined when it holds control characters. */
export async function readLegacyText(
  file: PluginFile,
): Promise<TextEncoding | undefined> {
  let seen = 0
  for await (const chunk of file.bytes()) {
    for (const byte of chunk) seen |= signs[byte] ?? 0
    if (seen & CONTROL) return undefined
  }
  if (seen & UNDEFINED_1252) return 'unknown-8bit'
  return seen & C1 ? 'windows-1252' : 'iso-8859-1'
}
