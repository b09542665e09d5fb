const KiB = 1024

/** Bounds of a form, whatever its file. */
export const formLimits = {
  /** Text fields. */
  fields: 100,
  /** Characters of a field's name. */
  nameLength: 256,
  /** Bytes of a text field's value, exclusive. */
  valueBytes: 64 * KiB,
  /** Bytes of everything that is not the file: fields, part headers, boundaries, preamble, epilogue. */
  overheadBytes: 8 * KiB * KiB,
  /** Bytes of a file that the service takes as one buffer; a larger one is spooled. */
  bufferedFileBytes: 64 * KiB,
  /** A body of at most this length is gathered and parsed in one piece. */
  gatheredBytes: 72 * KiB,
} as const
