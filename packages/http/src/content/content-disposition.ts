/**
 * `Content-Disposition` of a download: the name in ASCII for old clients, and as it is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6266#section-4.3
 * @see https://www.rfc-editor.org/rfc/rfc8187#section-3.2
 */
export function attachment(filename: string): string {
  // A percent sign goes too: some clients decode it (RFC 6266, appendix D)
  const ascii = filename.replace(/[^\x20-\x7e]|["%\\]/gu, '_')
  const extended = encodeURIComponent(filename.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${ascii}"; filename*=UTF-8''${extended}`
}
