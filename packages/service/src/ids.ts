import { randomFillSync } from 'node:crypto'
import { prefixedId, uuidv7 } from '@custody/domain'

/** Makes ids and secrets. */
export interface Ids {
  /** UUIDv7 in plain form. */
  uuid(): string
  /** A prefix and the 32 hex digits of a UUIDv7. */
  prefixed(prefix: string): string
  /** Random bytes. */
  random(bytes: number): Uint8Array
}

/** Ids whose time is `clock`’s, in Unix milliseconds. */
export function createIds(clock: () => number): Ids {
  let pool = Buffer.alloc(0)
  const random = (bytes: number) => {
    if (bytes > 1024) return randomFillSync(Buffer.allocUnsafeSlow(bytes))
    if (pool.length < bytes) pool = randomFillSync(Buffer.allocUnsafeSlow(4096))
    const taken = pool.subarray(0, bytes)
    pool = pool.subarray(bytes)
    return taken
  }
  const uuid = () => uuidv7(clock(), random(10))
  return { uuid, prefixed: (prefix) => prefixedId(prefix, uuid()), random }
}
