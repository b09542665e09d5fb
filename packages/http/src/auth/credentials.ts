import type { IncomingHttpHeaders } from 'node:http'
import { CustodyError } from '@custody/domain/errors'

/**
 * The key of a request, from `Authorization: Bearer` or `x-api-key`. An empty one is as good as none: a variable that is set to
 * nothing becomes such a header.
 *
 * @throws CustodyError `missing_api_key`, `conflicting_api_keys`
 */
export function credentials(headers: IncomingHttpHeaders): string {
  const bearer = bearerToken(headers.authorization) || undefined
  const key = headers['x-api-key']?.toString().trim() || undefined
  if (bearer !== undefined && key !== undefined && bearer !== key) {
    throw new CustodyError(
      'conflicting_api_keys',
      "The headers 'Authorization' and 'x-api-key' hold different keys. Send one of them.",
    )
  }
  const token = bearer ?? key
  if (token !== undefined) return token
  throw new CustodyError(
    'missing_api_key',
    "You didn't provide an API key. Provide your API key in an Authorization header using Bearer auth " +
      '(Authorization: Bearer YOUR_KEY), or in an x-api-key header.',
  )
}

function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  const scheme = authorization.slice(0, 7)
  if (scheme !== 'Bearer ' && scheme.toLowerCase() !== 'bearer ') return undefined
  return authorization.slice(7).trim()
}
