import type { IncomingHttpHeaders } from 'node:http'
import { CustodyError, quote } from '@custody/domain/errors'

/** RFC 2046 §5.1.1, without the blank: no client is known to use it. */
const commonBoundary =
  /^multipart\/form-data; ?boundary=(?:"([\w'()+,./:=?-]{1,70})"|([\w'+.-]{1,70}))$/i

export type MultipartType = {
  readonly contentType: string
  /** Where the header has the common form; otherwise busboy is left to find it. */
  readonly boundary: string | undefined
}

/**
 * Checks that the request's body is a form.
 *
 * @throws CustodyError `unsupported_media_type`, `invalid_multipart`
 */
export function multipartType(headers: IncomingHttpHeaders): MultipartType {
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.trim().toLowerCase() !== 'identity') {
    throw new CustodyError(
      'unsupported_media_type',
      `Invalid content-encoding header: ${quote(coding)}. Send the body as it is, without a content coding.`,
    )
  }
  const contentType = headers['content-type']
  if (contentType === undefined || !isMultipart(contentType)) {
    const got = contentType === undefined ? 'none' : quote(contentType)
    throw new CustodyError(
      'unsupported_media_type',
      `Invalid content-type header: expected 'multipart/form-data' with a boundary, but got ${got} instead.`,
    )
  }
  const match = commonBoundary.exec(contentType)
  if (match !== null) return { contentType, boundary: match[1] ?? match[2] }
  if (!/;\s*boundary\s*=/i.test(contentType)) {
    throw new CustodyError(
      'invalid_multipart',
      "Invalid content-type header: 'multipart/form-data' needs a boundary. " +
        'Leave the header to your HTTP client, which knows the boundary of the form that it writes.',
    )
  }
  return { contentType, boundary: undefined }
}

function isMultipart(contentType: string): boolean {
  const end = contentType.indexOf(';')
  const essence = end === -1 ? contentType : contentType.slice(0, end)
  return essence.trim().toLowerCase() === 'multipart/form-data'
}
