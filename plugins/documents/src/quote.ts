const MAX_LENGTH = 64

/** A text of the client's for a message: in single quotes, cut. */
export function quote(text: string): string {
  return text.length > MAX_LENGTH ? `'${text.slice(0, MAX_LENGTH)}…'` : `'${text}'`
}
