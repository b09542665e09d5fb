/** A strong entity tag from the content's SHA-256; undefined once that was erased. */
export function etagOf(sha256: string | null): string | undefined {
  return sha256 === null ? undefined : `"${sha256}"`
}

/**
 * Whether an `If-None-Match` names the content: `*`, or the tag in the list, by weak comparison.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.if-none-match
 */
export function matchesAny(
  header: string | undefined,
  etag: string | undefined,
): boolean {
  if (header === undefined) return false
  if (header.trim() === '*') return true
  if (etag === undefined) return false
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

/**
 * Whether an `If-Match` asks for another content: neither `*`, nor the tag in the list, by strong comparison.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.if-match
 */
export function asksForAnother(
  header: string | undefined,
  etag: string | undefined,
): boolean {
  if (header === undefined || header.trim() === '*') return false
  return !header.split(',').some((tag) => tag.trim() === etag)
}
