/**
 * How the stored bytes of an extent are coded: a box is one message, a stream is in segments that can be read one by
 * one. docs/formats.md has each of them.
 */
export const extentFormats = [
  'plain',
  'sealed-box',
  'sealed-box+zstd',
  'sealed-stream',
  'sealed-stream+zstd',
] as const

/** As the table `extents` names it. */
export type ExtentFormat = (typeof extentFormats)[number]

/** A format that needs a data key. */
export type SealedFormat = Exclude<ExtentFormat, 'plain'>

/** What is done to content before it is stored; `off` leaves it as it is. */
export type SealMode = 'off' | 'encrypt' | 'compress+encrypt'

/** Length of a data key in bytes. */
export const DATA_KEY_BYTES = 32

/** Whether the stored bytes need a data key. */
export function isSealedFormat(text: string): text is SealedFormat {
  return text !== 'plain' && (extentFormats as readonly string[]).includes(text)
}

export function isCompressed(format: SealedFormat): boolean {
  return format.endsWith('+zstd')
}
