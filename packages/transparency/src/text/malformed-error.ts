/**
 * A text (or the bytes of an entry bundle) is not of the form that its specification gives it.
 * The message says what, shows the value, and tells what is allowed.
 */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
  /** What was read or written, such as `tree size`. */
  readonly what: string

  /** @param value left out where it is secret, or no text */
  constructor(what: string, allowed: string, value?: string) {
    const shown = value === undefined ? '' : `: ${quote(value)}`
    super(`malformed ${what}${shown}; allowed is ${allowed}`)
    this.what = what
  }
}

// What steers terminals and the direction of text; JSON escapes the controls below U+0020 itself.
const steering = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function quote(value: string): string {
  const cut = value.length > 64 ? `${value.slice(0, 61)}...` : value
  const escaped = JSON.stringify(cut)
    .slice(1, -1)
    .replace(/\\(["\\])/g, '$1')
    .replace(steering, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `'${escaped}'`
}
