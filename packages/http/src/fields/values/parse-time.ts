import { CustodyError, quote } from '@custody/domain/errors'

const form =
  /^(\d{4}-\d\d-\d\d)[t ](\d\d:\d\d:\d\d)(?:\.(\d+))?(z|([+\- ])(\d\d):(\d\d))$/i

/**
 * A time of RFC 3339, in whole microseconds since the Unix epoch; digits beyond those are dropped. A blank in place
 * of the offset's plus is what a query makes of one that was not escaped. `orElse`: what is taken besides.
 *
 * @throws CustodyError `invalid_value` that names the parameter
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function parseTime(text: string, param: string, orElse = ''): number {
  const [, date = '', time = '', fraction = '', , sign = '+', hours = 0, minutes = 0] =
    form.exec(text) ?? []
  const utc = Date.parse(`${date}T${time}Z`)
  const isReal =
    // A day that there is not, such as 30 February, is read as another one, and 24:00 as the next day's
    new Date(utc || 0).toISOString().startsWith(`${date}T${time}.`) &&
    Number(hours) < 24 &&
    Number(minutes) < 60
  if (!isReal) {
    throw new CustodyError(
      'invalid_value',
      `Invalid '${param}': expected ${orElse}a time of RFC 3339, such as '2026-01-31T23:59:59Z', but got ${quote(text)} instead.`,
      { param },
    )
  }
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60
  return (utc / 1000 - offset) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
}
