/** Encodings that text is read in. */
export type UnicodeEncoding = 'utf-8' | 'utf-16le' | 'utf-16be'

export type TextEncoding =
  | UnicodeEncoding
  | 'iso-8859-1'
  | 'windows-1252'
  | 'unknown-8bit'
