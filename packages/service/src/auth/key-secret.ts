import { hash } from 'node:crypto'

/** A key is stored, and looked up, by its SHA-256 in lower-case hex. */
export function hashKey(value: string): string {
  return hash('sha256', value, 'hex')
}

/** A new key: 256 random bits, so that its plain hash cannot be guessed. */
export function makeKey(prefix: string, random: Uint8Array): string {
  if (random.length < 32) throw new TypeError('A key needs 32 random bytes')
  return `${prefix}${Buffer.from(random).toString('base64url')}`
}

/** What may be shown of a key: enough to know it again. */
export function redactKey(value: string): string {
  return value.length < 16 ? '...' : `${value.slice(0, 6)}...${value.slice(-4)}`
}
