import { MalformedError } from './malformed-error.ts'

/**
 * Reads a number as C2SP writes them: ASCII digits without leading zeros.
 * @throws MalformedError for anything else, and for a number above 2^53 − 1
 */
export function parseDecimal(what: string, text: string): number {
  const number = /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number)) {
    throw new MalformedError(what, 'a decimal from 0 to 2^53 − 1, no leading zeros', text)
  }
  return number
}
