/**
 * What keeps a text from being stored, in words; undefined: nothing. JSON can name half a surrogate pair, which no UTF-8
 * and so no record of the log can hold, and U+0000, which PostgreSQL has no place for in a text.
 */
export function unfitPart(text: string): string | undefined {
  if (!text.isWellFormed()) return 'a lone surrogate, which is no Unicode text'
  return text.includes('\0') ? 'the character U+0000' : undefined
}
