export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be'

/** Bytes of a file's start that {@link textEncodingOf} looks at. */
export const PROBE_BYTES = 4096

/** Formats whose start may be plain text, though their text is not in the clear: PDF, PostScript, RTF. */
const nearlyText = /^(?:%PDF-|%!PS|\{\\rtf)/

/**
 * The encoding of a text by its first bytes: UTF-16 with a byte order mark, otherwise UTF-8 without NUL. Undefined
 * where it is no text.
 */
export function textEncodingOf(head: Uint8Array): TextEncoding | undefined {
  const [first, second] = head
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  const text = textDecoder('utf-8')(head)
  return text === undefined || nearlyText.test(text) ? undefined : 'utf-8'
}

/**
 * Decodes a text that comes in parts; without a part, what is left at its end. Gives undefined where it is no text: the
 * encoding is broken, or there is a NUL. A byte order mark is left out.
 */
export function textDecoder(
  encoding: TextEncoding,
): (part?: Uint8Array) => string | undefined {
  const decoder = new TextDecoder(encoding, { fatal: true })
  return (part) => {
    try {
      const text = decoder.decode(part, { stream: part !== undefined })
      return text.includes('\0') ? undefined : text
    } catch {
      return undefined
    }
  }
}
