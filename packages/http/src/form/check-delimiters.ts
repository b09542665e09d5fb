import type { Delimiter } from './delimiter.ts'
import { malformedForm } from './form-errors.ts'

const CRLF = '\r\n'
const END = '--'

/** Sees that busboy passes nothing over. */
export type DelimiterCheck = {
  /**
   * Is to be shown every byte but content in which no delimiter is.
   *
   * @throws CustodyError `invalid_multipart` when a delimiter is followed by anything but the end of its line or of the form:
   * busboy would pass over what comes after it, and content that happens to hold the boundary be cut short without a word
   */
  see(chunk: Buffer): void
  /** Parts that have begun. */
  readonly parts: number
}

export function checkDelimiters({ bytes }: Delimiter): DelimiterCheck {
  // The first delimiter needs no line end before it
  let before: Buffer = Buffer.from(CRLF)
  let isOver = false
  let parts = 0

  function see(chunk: Buffer): void {
    if (isOver) return
    const seen = Buffer.concat([before, chunk])
    let at = 0
    for (;;) {
      const found = seen.indexOf(bytes, at)
      if (found === -1) break
      at = found + bytes.length
      const next = seen.toString('latin1', at, at + 2)
      if (next.length < 2 && (CRLF.startsWith(next) || END.startsWith(next))) {
        before = seen.subarray(found)
        return
      }
      if (next === END) {
        isOver = true
        return
      }
      if (next !== CRLF) {
        throw malformedForm('something follows a boundary in its line')
      }
      parts += 1
    }
    before = seen.subarray(Math.max(at, seen.length - bytes.length + 1))
  }

  return {
    see,
    get parts() {
      return parts
    },
  }
}
