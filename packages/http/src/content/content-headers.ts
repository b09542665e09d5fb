import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { FileView } from '@custody/service'
import { attachment } from './content-disposition.ts'
import { acceptsSha256 } from './want-digest.ts'

/** Headers of a download that do not depend on the range; `asked` are those of the request. */
export function contentHeaders(
  file: FileView,
  etag: string | undefined,
  asked: IncomingHttpHeaders,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    'content-type': 'application/octet-stream',
    'content-disposition': attachment(file.filename ?? file.id),
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    // A key may come in x-api-key, which shared caches do not take for a credential as they do Authorization
    'cache-control': 'private, no-cache',
  }
  if (etag !== undefined) headers.etag = etag
  if (file.sha256 !== null && acceptsSha256(asked['want-repr-digest'])) {
    // RFC 9530 §3: of the whole content, whatever range is answered
    const digest = Buffer.from(file.sha256, 'hex').toString('base64')
    headers['repr-digest'] = `sha-256=:${digest}:`
  }
  return headers
}
