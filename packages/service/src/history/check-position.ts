import { CustodyError, quote } from '@custody/domain'

/** @throws CustodyError `invalid_value` that names the parameter */
export function checkPosition(
  position: number | undefined,
  last: number,
  param: string,
): void {
  if (position === undefined || position <= last) return
  throw new CustodyError(
    'invalid_value',
    `Invalid '${param}': there is no position ${quote(String(position))} yet. The last one is '${last}'.`,
    { param },
  )
}
