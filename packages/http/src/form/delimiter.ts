/** Where content ends: before a delimiter, or before what may be the beginning of one at the end of the chunk. */
export type ContentEnd = { readonly at: number; readonly isWhole: boolean }

/** What separates the parts of a form. */
export type Delimiter = {
  /** With the line end that belongs to it. */
  readonly bytes: Buffer
  endOfContent(chunk: Buffer): ContentEnd
}

/** How much of a delimiter is looked for first: up to here the search is a plain one, which is quick on any content. */
const PREFIX_BYTES = 6

/** Beginnings of a delimiter in one chunk that are looked at one by one. */
const MAX_LOOKS = 16

const CR = 13

/** @param boundary ASCII. */
export function delimiterOf(boundary: string): Delimiter {
  const bytes = Buffer.from(`\r\n--${boundary}`, 'latin1')
  const prefix = bytes.subarray(0, PREFIX_BYTES)

  function find(chunk: Buffer): number {
    let at = -1
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      at = chunk.indexOf(prefix, at + 1)
      if (at === -1) return -1
      const found = chunk.subarray(at, at + bytes.length)
      if (found.equals(bytes)) return at
    }
    // Content that is full of beginnings.
    return chunk.indexOf(bytes, at + 1)
  }

  return {
    bytes,
    endOfContent(chunk) {
      const at = find(chunk)
      if (at !== -1) return { at, isWhole: true }
      const from = Math.max(0, chunk.length - bytes.length + 1)
      // A delimiter has one CR only, at its start.
      const cr = chunk.lastIndexOf(CR)
      const tail = chunk.length - cr
      const mayBegin = cr >= from && chunk.subarray(cr).equals(bytes.subarray(0, tail))
      return { at: mayBegin ? cr : chunk.length, isWhole: false }
    },
  }
}
