const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/g

/**
 * The first key that comes twice in one object, at any depth. Of such a key JSON.parse takes the last value: what was said first,
 * a classification or a limit, would be lost without a word.
 *
 * @param json Well-formed.
 */
export function repeatedKey(json: string): string | undefined {
  /** Keys of the objects that are open; undefined for an array. */
  const open: (Set<string> | undefined)[] = []
  let keys: Set<string> | undefined
  let isKeyNext = false
  for (const [token] of json.matchAll(tokens)) {
    if (token === '{' || token === '[') {
      keys = token === '{' ? new Set() : undefined
      open.push(keys)
      isKeyNext = token === '{'
    } else if (token === '}' || token === ']') {
      open.pop()
      keys = open.at(-1)
      isKeyNext = false
    } else if (token === ',') isKeyNext = keys !== undefined
    else if (isKeyNext) {
      const key: string = JSON.parse(token)
      if (keys?.has(key)) return key
      keys?.add(key)
      isKeyNext = false
    }
  }
  return undefined
}
