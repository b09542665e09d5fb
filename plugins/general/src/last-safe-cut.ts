/**
 * Places where every piece of o200k_base ends, whatever stands before and behind:
 *
 * - behind a letter, if neither a letter, a mark nor a contraction (`'s`, `'ll`) follows
 * - behind the last digit of a number
 * - before a blank, if no white space is before it
 * - behind a line end, if neither white space nor a slash follows
 *
 * Elsewhere a piece may go on, or end earlier than it would at the end of the text.
 */
const safeCut =
  /(?<=\p{L})(?=[^\p{L}\p{M}']|'\P{L})|(?<=\p{N})(?=\P{N})|(?<=\S)(?=[^\S\r\n])|(?<=[\r\n])(?=[^\s/])/uy

/**
 * The last place of a text where it can be cut such that both parts together have the same pieces as the
 * whole, and any continuation of it; 0 where there is none.
 */
export function lastSafeCut(text: string): number {
  for (let at = text.length - 1; at > 0; at -= 1) {
    if (isLowSurrogate(text.charCodeAt(at))) continue
    safeCut.lastIndex = at
    if (safeCut.test(text)) return at
  }
  return 0
}

function isLowSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00
}
