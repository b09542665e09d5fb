const MiB = 2 ** 20
const GiB = 2 ** 30

/** Bounds of an upload in parts, all inclusive. */
export const uploadLimits = {
  /** Seconds that a pending upload has. */
  seconds: 3_600,
  /** Bytes of one part. */
  partBytes: 64 * MiB,
  /** Bytes of the file, whatever its limit is otherwise. */
  fileBytes: 8 * GiB,
  /**
   * Parts, those that are sent again included. A full file in parts of 64 MiB has 128. The record of the completion
   * names all of them, and a record has a bound.
   */
  parts: 1_000,
  /**
   * Bytes of all parts, for a file of so many bytes. Clients send a part again whose answer was lost, so there may be
   * more of them than the file has.
   */
  allPartsBytes: (fileBytes: number) => 2 * fileBytes + 64 * MiB,
} as const
