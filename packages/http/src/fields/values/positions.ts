import { CustodyError, quote } from '@custody/domain/errors'

/**
 * A position in a project's history, as answers give it: a decimal number, 0 for before the first event.
 *
 * @throws CustodyError `invalid_value` that names the parameter
 */
export function parsePosition(text: string, param: string): number {
  if (isPosition(text)) return Number(text)
  throw new CustodyError(
    'invalid_value',
    `Invalid '${param}': expected a position as answers give it, such as '42', but got ${quote(text)} instead.`,
    { param },
  )
}

export function isPosition(text: string): boolean {
  return /^(0|[1-9]\d{0,14})$/.test(text)
}
