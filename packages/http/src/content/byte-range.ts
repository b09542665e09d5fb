import type { IncomingHttpHeaders } from 'node:http'

/** Bytes from `start` (inclusive) to `end` (exclusive). */
export type ByteRange = { readonly start: number; readonly end: number }

const singleRange = /^bytes=(\d*)-(\d*)$/i

/**
 * The part of a content that a request asks for; undefined for the whole. Several ranges, a range that does not
 * parse, and one whose `If-Range` names another content are ignored, which RFC 9110 allows.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
export function byteRange(
  headers: IncomingHttpHeaders,
  size: number,
  etag: string | undefined,
): ByteRange | 'unsatisfiable' | undefined {
  const match = singleRange.exec(headers.range?.trim() ?? '')
  const [, first, last] = match ?? []
  if (first === undefined || last === undefined) return undefined
  const condition = headers['if-range']
  // A date never matches: no Last-Modified is ever sent
  if (condition !== undefined && condition !== etag) return undefined
  if (first === '') {
    if (last === '') return undefined
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
