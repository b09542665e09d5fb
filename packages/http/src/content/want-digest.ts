/** One member of the dictionary: an algorithm and how much it is wanted, from 0 (not at all) to 10; parameters mean nothing here. */
const memberForm = /^([a-z*][a-z0-9_.*-]*)=(\d|10)(?:[ \t]*;.*)?$/

/**
 * Whether the one digest that we have, SHA-256, may go into `Repr-Digest`: always, unless `Want-Repr-Digest` says that it
 * is not acceptable. Where it prefers others, they are not there; what does not parse is no wish.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9530#section-4
 */
export function acceptsSha256(header: string | string[] | undefined): boolean {
  if (header === undefined) return true
  const text = Array.isArray(header) ? header.join(',') : header
  let wish = 10
  for (const member of text.split(',')) {
    const [, algorithm, preference] = memberForm.exec(member.trim()) ?? []
    if (algorithm === undefined) return true
    // Of a key that comes twice the last one counts: RFC 8941, section 3.2
    if (algorithm === 'sha-256') wish = Number(preference)
  }
  return wish > 0
}
