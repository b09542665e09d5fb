const prefix = 'file-'
const hexForm = /^[0-9a-f]{32}$/
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A plain UUID as `file-` and its 32 hex digits. */
export function hexId(uuid: string): string {
  return prefix + uuid.replaceAll('-', '')
}

/** `file-` and 32 hex digits, or a plain UUID, as a plain UUID; undefined for anything else. */
export function parseFileId(id: string): string | undefined {
  if (uuidForm.test(id)) return id
  if (!id.startsWith(prefix)) return undefined
  const hex = id.slice(prefix.length)
  if (!hexForm.test(hex)) return undefined
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
