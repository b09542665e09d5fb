import type { Delimiter } from './delimiter.ts'
import { malformedForm } from './form-errors.ts'

const CRLF = '\r\n'
const END = '--'

/**
 * Looks at what follows each delimiter: the end of its line, or the end of the form. Busboy takes anything else for a part that
 * is to be passed over, so that content which happens to hold the boundary would be cut short without a word.
 *
 * @returns what is to be shown every byte but content in which no delimiter is; it throws CustodyError `invalid_multipart`
 */
export function checkDelimiters({ bytes }: Delimiter): (chunk: Buffer) => void {
  // The first delimiter needs no line end before it
  let before: Buffer = Buffer.from(CRLF)
  let isOver = false
  return (chunk) => {
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
    }
    before = seen.subarray(Math.max(at, seen.length - bytes.length + 1))
  }
}
