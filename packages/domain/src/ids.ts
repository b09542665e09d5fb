/** A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits. Plain form, lower case. */
export function uuidv7(unixMs: number, random: Uint8Array): string {
  if (random.length < 10) throw new TypeError('uuidv7 needs 10 random bytes')
  const time = Math.floor(unixMs).toString(16).padStart(12, '0')
  const hex = Buffer.from(random.buffer, random.byteOffset, 10).toString('hex')
  const variant = ((Number.parseInt(hex.charAt(3), 16) & 0x3) | 0x8).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const PREFIXED = /^file-[0-9a-f]{32}$/
const HEX = /^[0-9a-f]{32}$/

/** A file's UUID as OpenAI clients see it: `file-` and 32 hex digits. */
export function toFileId(uuid: string): string {
  return `file-${uuid.slice(0, 8)}${uuid.slice(9, 13)}${uuid.slice(14, 18)}${uuid.slice(19, 23)}${uuid.slice(24)}`
}

/** The UUID in either form of a file id, or undefined when it is neither. */
export function parseFileId(text: string): string | undefined {
  if (PREFIXED.test(text)) return uuidOf(text.slice(5))
  return UUID.test(text) ? text : undefined
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** `prefix` and the UUID's 32 hex digits, as ids of projects (`proj_`), accounts (`svc_acct_`) and keys (`key_`) are written. */
export function prefixedId(prefix: string, uuid: string): string {
  return `${prefix}${uuid.replaceAll('-', '')}`
}

/** The UUID of what {@link prefixedId} made, or of a plain UUID; undefined when it is neither. */
export function parsePrefixedId(prefix: string, text: string): string | undefined {
  if (UUID.test(text)) return text
  const hex = text.slice(prefix.length)
  return text.startsWith(prefix) && HEX.test(hex) ? uuidOf(hex) : undefined
}
