import { MalformedError } from './malformed-error.ts'

// A BOM is a character like any other here: dropping it would make two texts one.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// Those below U+0020, without the newline.
const control = /[^\P{Cc}\n\u007f-\u009f]/u

/**
 * The text of a note, a checkpoint or a proof, from its bytes or from a string.
 * @throws MalformedError if it is longer than `most` bytes, not UTF-8, or has a control character
 *   below U+0020 other than the newline
 */
export function readText(what: string, input: string | Uint8Array, most: number): string {
  const length = typeof input === 'string' ? Buffer.byteLength(input) : input.length
  if (length > most) {
    throw new MalformedError(`${what} of ${length} bytes`, `at most ${most} bytes`)
  }
  const text = typeof input === 'string' ? input : decode(what, input)
  checkText(what, text)
  return text
}

/** @throws MalformedError if it has a lone surrogate, or a control character but the newline */
export function checkText(what: string, text: string): void {
  if (!text.isWellFormed()) throw new MalformedError(what, 'UTF-8')
  if (control.test(text)) {
    throw new MalformedError(what, 'no control character but the newline', text)
  }
}

function decode(what: string, bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new MalformedError(what, 'UTF-8')
  }
}
