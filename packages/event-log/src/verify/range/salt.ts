import { saltBytes } from '@custody/transparency'

/** Whether hex is that of a salt. */
export const isSalt = (hex: string) => hex.length === 2 * saltBytes

const saltBuffer = Buffer.alloc(saltBytes)

/** The salt of some hex; valid until the next call. */
export function toSalt(hex: string): Uint8Array {
  saltBuffer.write(hex, 'hex')
  return saltBuffer
}
