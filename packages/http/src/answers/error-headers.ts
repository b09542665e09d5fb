import type { CustodyError } from '@custody/domain/errors'

/** Headers that go with a refusal, besides those that every answer has. */
export function errorHeaders(
  error: CustodyError,
  status: number,
): Record<string, string> {
  const headers: Record<string, string> = { ...error.headers }
  // SDKs retry 409 and every 5xx unless they are told not to
  if (error.row.retry === false) headers['x-should-retry'] = 'false'
  if (status === 401) headers['www-authenticate'] ??= 'Bearer'
  if (status === 503) headers['retry-after'] ??= '1'
  return headers
}
