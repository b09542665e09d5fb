import { CustodyError, quote } from '@custody/domain/errors'

/**
 * A JSON object in a field of a form.
 *
 * @throws CustodyError `invalid_type` for anything else, `duplicate_parameter` for a flat object with a key twice
 */
export function parseObject(json: string, param: string): object {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    if (Object.values(value).every(isFlat)) checkKeys(json, param)
    return value
  }
  throw new CustodyError(
    'invalid_type',
    `Invalid type for '${param}': expected a JSON object, but got ${quote(json)} instead.`,
    { param },
  )
}

const isFlat = (value: unknown) => typeof value !== 'object' || value === null

const strings = /("[^"\\]*(?:\\.[^"\\]*)*")\s*(:)?/g

/** Of a key that comes twice JSON.parse would take the last: a classification could be lost without a word. */
function checkKeys(json: string, param: string): void {
  const keys = new Set<string>()
  for (const [, text = '', colon] of json.matchAll(strings)) {
    if (colon === undefined) continue
    const key: string = JSON.parse(text)
    if (keys.has(key)) {
      throw new CustodyError(
        'duplicate_parameter',
        `Duplicate parameter: '${param}' has the key ${quote(key)} more than once, whereas only one value is allowed.`,
        { param },
      )
    }
    keys.add(key)
  }
}
