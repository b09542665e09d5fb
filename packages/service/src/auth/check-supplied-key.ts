import { CustodyError } from '@custody/domain'

/** @throws CustodyError `invalid_configuration` for a key that the configuration cannot supply. */
export function checkSuppliedKey(setting: string, value: string): void {
  if (!/^[\x21-\x7e]{20,256}$/.test(value)) {
    throw new CustodyError(
      'invalid_configuration',
      `${setting} must be 20 to 256 visible ASCII characters without spaces; it has ${value.length}.`,
    )
  }
}
