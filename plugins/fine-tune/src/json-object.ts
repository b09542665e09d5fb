/** An object as `JSON.parse` makes it: every key is its own property, `__proto__` included. */
export type JsonObject = { readonly [key: string]: unknown }

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The type of a JSON value with its article, in the words of OpenAI's `invalid_type` messages. */
export function typeWithArticle(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value !== 'number') return `a ${typeof value}`
  return Number.isInteger(value) ? 'an integer' : 'a decimal number'
}
