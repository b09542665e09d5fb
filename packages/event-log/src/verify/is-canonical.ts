import { canonicalJson } from '@custody/transparency'

const MAX_DEPTH = 1000

/**
 * Whether a text is the canonical JSON (RFC 8785) of `value`, which was parsed from it.
 *
 * Numbers and texts that `JSON.stringify` writes are canonical, so where it gives the text back and members
 * are in order, it is. That takes half of the time of writing it anew, which decides wherever this is not enough:
 * keys that look like array indexes come first in every JavaScript object, and lone surrogates are refused.
 */
export function isCanonical(text: string, value: unknown): boolean {
  try {
    if (!text.includes('\\ud') && isSorted(value, 0) && JSON.stringify(value) === text)
      return true
    return canonicalJson(value) === text
  } catch {
    // No canonical JSON at all, or nested deeper than the stack.
    return false
  }
}

function isSorted(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depth === MAX_DEPTH) return false
  if (Array.isArray(value)) {
    for (const item of value) if (!isSorted(item, depth + 1)) return false
    return true
  }
  const members = value as Readonly<Record<string, unknown>>
  let last: string | undefined
  for (const key in members) {
    if (last !== undefined && key <= last) return false
    last = key
    if (!isSorted(members[key], depth + 1)) return false
  }
  return true
}
