import { createHmac } from 'node:crypto'
import { unwrapKey, wrapKey } from '@custody/blob-store'
import { CustodyError } from '@custody/domain'

/** A key that data keys are wrapped under. */
export type MasterKey = {
  /** Tells it from others; nothing can be computed from it. */
  readonly id: string
  /** 64 hex digits. */
  readonly fingerprint: string
  /** 32 bytes. */
  readonly key: Uint8Array
}

/** A data key as it is kept. */
export type WrappedKey = {
  /** Id of the master key. */
  readonly kek: string
  readonly wrapped: Uint8Array
}

/** The master keys of a deployment: one that wraps, and others that keys may be wrapped under. */
export interface KeyRing {
  /** Id of the key that wraps. */
  readonly current: string
  /** Wraps under the current key; it opens the extent with this id only. */
  wrap(dataKey: Uint8Array, extentId: string): WrappedKey
  /** @throws CustodyError `content_damaged`, `master_key_missing` */
  unwrap(key: WrappedKey, extentId: string): Uint8Array
  /** Takes a key in, which wraps from here on. */
  use(key: MasterKey): void
  /** Lets go of a key that nothing is wrapped under any more. */
  drop(id: string): void
}

/** Length of a master key in bytes. */
export const MASTER_KEY_BYTES = 32

/** A master key of 32 bytes, with its id and fingerprint (docs/formats.md#keys). */
export function masterKey(key: Uint8Array): MasterKey {
  const fingerprint = createHmac('sha256', key)
    .update('custody master key fingerprint')
    .digest('hex')
  return { id: `mk_${fingerprint.slice(0, 16)}`, fingerprint, key }
}

/**
 * @param keys The first one wraps.
 * @param random Random bytes for nonces.
 */
export function createKeyRing(
  keys: readonly [MasterKey, ...MasterKey[]],
  random: (bytes: number) => Uint8Array,
): KeyRing {
  let [current] = keys
  const byId = new Map(keys.map((one) => [one.id, one]))
  return {
    get current() {
      return current.id
    },
    wrap(dataKey, extentId) {
      const wrapped = wrapKey(current.key, { dataKey, extentId }, random(12))
      return { kek: current.id, wrapped }
    },
    unwrap({ kek, wrapped }, extentId) {
      const found = byId.get(kek)
      if (!found) {
        throw new CustodyError(
          'master_key_missing',
          `The content is sealed under master key ${kek}, which is not in the ring; it has ${[...byId.keys()].join(', ')}.`,
        )
      }
      const dataKey = unwrapKey(found.key, { wrapped, extentId })
      if (dataKey) return dataKey
      throw new CustodyError(
        'content_damaged',
        `Stored content is damaged: the key of extent ${extentId} is not authentic`,
      )
    },
    use(key) {
      byId.set(key.id, key)
      current = key
    },
    drop(id) {
      if (id === current.id) throw new TypeError(`${id} wraps, and cannot be dropped`)
      byId.delete(id)
    },
  }
}
