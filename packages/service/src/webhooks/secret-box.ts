import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto'

/** Keeps small secrets that have to be read again, such as those that sign. */
export interface SecretBox {
  /** Fingerprint of the key that seals. */
  readonly keyId: string
  /** `context` is bound to what is sealed: it opens with the same one only. */
  seal(secret: Uint8Array, context: string): Uint8Array
  /** @throws TypeError when it was sealed under another key, with another context, or was changed */
  open(sealed: Uint8Array, keyId: string, context: string): Uint8Array
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * A box with one key: AES-256-GCM, stored as nonce, ciphertext, tag. `key`: any text with 256 bits of randomness.
 *
 * @see https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf
 */
export function createSecretBox(
  key: string,
  random: (bytes: number) => Uint8Array,
): SecretBox {
  const cipherKey = new Uint8Array(
    hkdfSync('sha256', key, '', 'custody webhook secrets', 32),
  )
  const keyId = hash('sha256', cipherKey, 'hex').slice(0, 16)
  return {
    keyId,
    seal(secret, context) {
      const nonce = Uint8Array.from(random(NONCE_BYTES))
      const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce)
      cipher.setAAD(Buffer.from(context))
      const text = Buffer.concat([cipher.update(secret), cipher.final()])
      return Buffer.concat([nonce, text, cipher.getAuthTag()])
    },
    open(sealed, sealedBy, context) {
      if (sealedBy !== keyId) {
        throw new TypeError(`A secret was sealed under key ${sealedBy}, not ${keyId}`)
      }
      const bytes = Buffer.from(sealed)
      if (bytes.length < NONCE_BYTES + TAG_BYTES) {
        throw new TypeError('A sealed secret was cut short')
      }
      const nonce = bytes.subarray(0, NONCE_BYTES)
      const decipher = createDecipheriv('aes-256-gcm', cipherKey, nonce, {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
        return Buffer.concat([text, decipher.final()])
      } catch (cause) {
        throw new TypeError('A sealed secret was changed', { cause })
      }
    },
  }
}
