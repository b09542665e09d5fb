import type { IncomingMessage } from 'node:http'

/** The Content-Length of a request; undefined where it comes in chunks. */
export function declaredLength({ headers }: IncomingMessage): number | undefined {
  const header = headers['content-length']
  return header === undefined ? undefined : Number(header)
}
