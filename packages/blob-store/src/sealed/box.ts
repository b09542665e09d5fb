import { createCipheriv, createDecipheriv } from 'node:crypto'
import { damaged } from './damaged.ts'
import { TAG_BYTES } from './segment-layout.ts'

/** A data key seals one box only, so its nonce need not differ from any other. */
const NONCE = Buffer.alloc(12)

/** Seals content that is small enough to be opened as a whole: AES-256-GCM under its own data key, the tag at the end. */
export function sealBox(dataKey: Uint8Array, content: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', dataKey, NONCE)
  const sealed = cipher.update(content)
  cipher.final()
  return Buffer.concat([sealed, cipher.getAuthTag()])
}

/** @throws CustodyError `content_damaged` */
export function openBox(dataKey: Uint8Array, box: Uint8Array): Uint8Array {
  const ends = box.length - TAG_BYTES
  if (ends < 0) throw damaged('it is cut short')
  const decipher = createDecipheriv('aes-256-gcm', dataKey, NONCE, {
    authTagLength: TAG_BYTES,
  })
  decipher.setAuthTag(box.subarray(ends))
  const content = decipher.update(box.subarray(0, ends))
  try {
    decipher.final()
  } catch (cause) {
    throw damaged('it is not authentic', cause)
  }
  return content
}
