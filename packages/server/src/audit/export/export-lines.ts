import { createHash } from 'node:crypto'

/** Longer lines are no lines of an export: memory is bounded, whatever the file is. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024

const LINE_END = 0x0a

export type ExportLine = {
  /** From 1. */
  readonly number: number
  /** Without its line end. */
  readonly bytes: Buffer
  /** False: the file ends in the middle of it. */
  readonly isWhole: boolean
  /** False: it is longer than {@link MAX_LINE_BYTES}, and this is its beginning. */
  readonly isBounded: boolean
  /** SHA-256 in hex of all bytes before it. Only to be called before the next line is taken. */
  digestBefore(): string
}

/** Cuts a file into its lines. The bytes of a line are its own. */
export async function* exportLines(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ExportLine> {
  const before = createHash('sha256')
  let parts: Buffer[] = []
  let length = 0
  let number = 0

  function line(isWhole: boolean, isBounded: boolean): ExportLine {
    const bytes = Buffer.concat(parts)
    parts = []
    length = 0
    number += 1
    const digestBefore = () => before.copy().digest('hex')
    return { number, bytes, isWhole, isBounded, digestBefore }
  }

  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    for (let start = 0; start < bytes.length; ) {
      const end = bytes.indexOf(LINE_END, start)
      const part = bytes.subarray(start, end < 0 ? bytes.length : end)
      parts.push(part)
      length += part.length
      if (length > MAX_LINE_BYTES) {
        yield line(false, false)
        return
      }
      if (end < 0) break
      const whole = line(true, true)
      yield whole
      before.update(whole.bytes)
      before.update('\n')
      start = end + 1
    }
    // What waits is the chunk's no more when the next one comes.
    parts = parts.length > 0 ? [Buffer.concat(parts)] : []
  }
  if (length > 0) yield line(false, true)
}
