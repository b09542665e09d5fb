import { hashBytes } from '../merkle/hash.ts'
import { MalformedError } from './malformed-error.ts'

const form = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * Decodes base64 as encoders write it: the standard alphabet, padded, without white space, the bits
 * that pad the last character zero. So each value has one text only.
 * @throws MalformedError for anything else, the empty text included
 * @see https://www.rfc-editor.org/rfc/rfc4648#section-4
 */
export function decodeBase64(what: string, text: string): Buffer {
  const bytes = Buffer.from(form.test(text) ? text : '', 'base64')
  if (bytes.length === 0 || encodeBase64(bytes) !== text) {
    throw new MalformedError(what, 'canonical base64 with padding', text)
  }
  return bytes
}

export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

/** @throws MalformedError if it is not 32 bytes in base64 */
export function decodeHash(what: string, text: string): Buffer {
  const bytes = decodeBase64(what, text)
  if (bytes.length !== hashBytes) {
    throw new MalformedError(what, `${hashBytes} bytes in base64`, text)
  }
  return bytes
}
