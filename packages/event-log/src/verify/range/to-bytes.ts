/** Bytes of a column that should hold some: of another value, those of its text. */
export function toBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  return Buffer.from(value === undefined || value === null ? '' : String(value))
}
