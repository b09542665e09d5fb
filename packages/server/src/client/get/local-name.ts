const longest = 255

/**
 * A name that a file of a server may have in a folder here: its last part only, whatever path it holds, without
 * characters that no name should have. `otherwise` where nothing is left of it.
 */
export function localName(filename: unknown, otherwise: string): string {
  const clean = (text: string) => {
    const last = text.toWellFormed().split(/[/\\]/).at(-1) ?? ''
    const name = cut(last.replace(/\p{Cc}/gu, '_').trim())
    return /^\.*$/.test(name) ? '' : name
  }
  const given = typeof filename === 'string' ? clean(filename) : ''
  return given || clean(otherwise) || 'file'
}

/** To what file systems take; the end, which says what it is, stays. */
function cut(name: string): string {
  if (Buffer.byteLength(name) <= longest) return name
  const [, extension = ''] = /(\.[^.]{1,16})$/.exec(name) ?? []
  let start = ''
  for (const character of name) {
    if (Buffer.byteLength(start + character + extension) > longest) break
    start += character
  }
  return start + extension
}
