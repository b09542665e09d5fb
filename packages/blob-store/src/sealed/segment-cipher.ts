import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { damaged, segmentDamaged } from './damaged.ts'
import {
  HEADER_BYTES,
  NONCE_PREFIX_BYTES,
  SALT_BYTES,
  TAG_BYTES,
} from './segment-layout.ts'

/** Seals and opens the segments of one stream, in any order. */
export interface SegmentCipher {
  /** Resolves to the pieces of the stored segment: what `parts` hold, encrypted, and the tag. */
  seal(segment: number, isLast: boolean, parts: readonly Uint8Array[]): Uint8Array[]
  /** @throws CustodyError `content_damaged` unless it is the very segment that was sealed here */
  open(segment: number, isLast: boolean, stored: Uint8Array): Uint8Array
  /** Opens a segment slice by slice. */
  opening(segment: number, isLast: boolean): SegmentOpening
}

/** Nothing that `update` gave may be told before `end` returns. */
export interface SegmentOpening {
  /** The next slice of what was encrypted; best of {@link SLICE_BYTES}. */
  update(stored: Uint8Array): Uint8Array
  /** @throws CustodyError `content_damaged` unless it was the very segment that was sealed here */
  end(tag: Uint8Array): void
}

/** What is encrypted or decrypted at once: memory for longer output comes fresh from the kernel, each time. */
export const SLICE_BYTES = 64 * 1024

function slices(part: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = []
  for (let at = 0; at < part.length; at += SLICE_BYTES) {
    all.push(part.subarray(at, at + SLICE_BYTES))
  }
  return all
}

const noAssociatedData = new Uint8Array()

/** @param random The salt and the nonce prefix, 39 bytes: fresh for each stream. */
export function sealedHeader(random: Uint8Array): Uint8Array {
  if (random.length !== HEADER_BYTES - 1) {
    throw new TypeError(`A header takes ${HEADER_BYTES - 1} random bytes`)
  }
  const header = new Uint8Array(HEADER_BYTES)
  header[0] = HEADER_BYTES
  header.set(random, 1)
  return header
}

/**
 * The streaming AEAD of Tink, AES-256-GCM with HKDF-SHA-256: a key for the stream is derived from the data key and the
 * salt; the nonce of a segment is the prefix, its number and whether it is the last one.
 *
 * @see https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming
 * @throws CustodyError `content_damaged` if `header` is none
 */
export function segmentCipher(
  dataKey: Uint8Array,
  header: Uint8Array,
  associatedData: Uint8Array = noAssociatedData,
): SegmentCipher {
  if (header.length !== HEADER_BYTES || header[0] !== HEADER_BYTES) {
    throw damaged('its header is none')
  }
  const salt = header.subarray(1, 1 + SALT_BYTES)
  const key = new Uint8Array(hkdfSync('sha256', dataKey, salt, associatedData, 32))
  const nonceOf = (segment: number, isLast: boolean) => {
    const nonce = Buffer.alloc(12)
    nonce.set(header.subarray(1 + SALT_BYTES))
    nonce.writeUInt32BE(segment, NONCE_PREFIX_BYTES)
    nonce[11] = isLast ? 1 : 0
    return nonce
  }
  function opening(segment: number, isLast: boolean): SegmentOpening {
    const nonce = nonceOf(segment, isLast)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, {
      authTagLength: TAG_BYTES,
    })
    return {
      update: (stored) => decipher.update(stored),
      end(tag) {
        decipher.setAuthTag(tag)
        try {
          decipher.final()
        } catch (cause) {
          throw segmentDamaged(segment, 'is not authentic', cause)
        }
      },
    }
  }
  return {
    seal(segment, isLast, parts) {
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(segment, isLast))
      const pieces = parts.flatMap(slices).map((part) => cipher.update(part))
      cipher.final()
      return [...pieces, cipher.getAuthTag()]
    },
    open(segment, isLast, stored) {
      const ends = stored.length - TAG_BYTES
      if (ends < 0) throw segmentDamaged(segment, 'is cut short')
      const { update, end } = opening(segment, isLast)
      const plain = update(stored.subarray(0, ends))
      end(stored.subarray(ends))
      return plain
    },
    opening,
  }
}
