// JSON escapes those below U+0020 itself; the others steer terminals and the direction of text.
const STEERING = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A value as error messages show it: single quotes, cut to 64 characters, control characters escaped. */
export function quote(value: unknown): string {
  const text = typeof value === 'string' ? value : asJson(value)
  const cut = text.length > 64 ? `${text.slice(0, 61)}...` : text
  const escaped = JSON.stringify(cut)
    .slice(1, -1)
    .replace(/\\(["\\])/g, '$1')
    .replace(STEERING, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `'${escaped}'`
}

function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    // Nested deeper than the stack is, as JSON of a client may be
    return Array.isArray(value) ? '[[...' : '{...'
  }
}
