import { tileWidth } from '../merkle/append-leaves.ts'
import { MalformedError } from '../text/malformed-error.ts'

/** The longest entry: its length is written in two bytes. */
export const maxEntryBytes = 65_535

/**
 * The entries beside one tile of level 0: each with its length before it, in two bytes, the higher first.
 * @param entries 1 to 256
 * @throws RangeError if there are more or fewer, or one is longer than 65,535 bytes
 * @see https://c2sp.org/tlog-tiles#log-entries
 */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Buffer {
  if (entries.length < 1 || entries.length > tileWidth) {
    throw new RangeError(
      `an entry bundle has 1 to ${tileWidth} entries, not ${entries.length}`,
    )
  }
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > maxEntryBytes) {
        throw new RangeError(
          `an entry has at most ${maxEntryBytes} bytes, not ${entry.length}`,
        )
      }
      return [Buffer.of(entry.length >> 8, entry.length & 0xff), entry]
    }),
  )
}

/**
 * Reads an entry bundle: 1 to 256 entries, which are views of its bytes.
 * @throws MalformedError if the bytes end within an entry, or hold none or more than 256
 */
export function decodeEntryBundle(bytes: Uint8Array): Buffer[] {
  const bundle = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const entries: Buffer[] = []
  for (let start = 0; start < bundle.length; ) {
    const body = start + 2
    const end = body <= bundle.length ? body + bundle.readUInt16BE(start) : Infinity
    if (end > bundle.length || entries.length === tileWidth) {
      throw new MalformedError(
        `entry bundle of ${bundle.length} bytes`,
        `1 to ${tileWidth} whole entries, each after its length`,
      )
    }
    entries.push(bundle.subarray(body, end))
    start = end
  }
  if (entries.length === 0) {
    throw new MalformedError('empty entry bundle', `1 to ${tileWidth} entries`)
  }
  return entries
}
