import { createCipheriv, createDecipheriv } from 'node:crypto'
import { TAG_BYTES } from './segment-layout.ts'

const NONCE_BYTES = 12

/**
 * Encrypts a data key under a master key: nonce, AES-256-GCM of the key, tag; 60 bytes. The extent's id is the associated
 * data, so that a key serves no other extent.
 *
 * @param nonce 12 random bytes.
 */
export function wrapKey(
  masterKey: Uint8Array,
  { dataKey, extentId }: { readonly dataKey: Uint8Array; readonly extentId: string },
  nonce: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce)
  cipher.setAAD(Buffer.from(extentId))
  const wrapped = cipher.update(dataKey)
  cipher.final()
  return Buffer.concat([nonce, wrapped, cipher.getAuthTag()])
}

/** The data key; undefined where it was not wrapped under this master key for this extent. */
export function unwrapKey(
  masterKey: Uint8Array,
  { wrapped, extentId }: { readonly wrapped: Uint8Array; readonly extentId: string },
): Uint8Array | undefined {
  if (wrapped.length < NONCE_BYTES + TAG_BYTES) return undefined
  const nonce = wrapped.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', masterKey, nonce, {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(extentId))
  decipher.setAuthTag(wrapped.subarray(-TAG_BYTES))
  const dataKey = decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return dataKey
}
