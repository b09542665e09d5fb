// What steers a terminal, or the direction of text: names and messages of a server may hold anything.
const steering = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A text that may stand in one line of a terminal: what would steer it is escaped. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(steering, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
