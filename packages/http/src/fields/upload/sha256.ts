import { CustodyError, quote } from '@custody/domain/errors'

const form = /^[0-9a-f]{64}$/i

/** The digest that the client says its file has, in lower case. @throws CustodyError `invalid_value` */
export function parseSha256(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  if (form.test(value)) return value.toLowerCase()
  throw new CustodyError(
    'invalid_value',
    `Invalid 'sha256': expected 64 hex digits, but got ${quote(value)} instead.`,
    { param: 'sha256' },
  )
}
