import type { IncomingMessage } from 'node:http'
import { CustodyError } from '@custody/domain/errors'

/**
 * A request has one Host header; HTTP/1.0 may go without. Node would refuse one without by itself, with a bare 400, and lets
 * several through.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 * @throws CustodyError `bad_request`
 */
export function checkHost({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  if (headers.host === undefined) {
    if (httpVersion === '1.0') return
    throw new CustodyError('bad_request', 'The request has no Host header.')
  }
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts === 1) return
  throw new CustodyError('bad_request', `The request has ${hosts} Host headers.`)
}
