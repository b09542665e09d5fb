/** Head of a file part, as a parser read it. */
export type FilePartHead = {
  readonly filename: string | undefined
  /** Lower-case type without parameters; RFC 7578 §4.4 makes an absent one `text/plain`. */
  readonly type: string
  /** Content-Transfer-Encoding, in lower case. */
  readonly encoding: string
}

/**
 * Takes the parts of a form in the order in which they come, whichever parser reads them, and refuses the first
 * that is wrong.
 */
export interface FormParts {
  /** Name of the field that has the content. */
  readonly contentField: string
  /** Bytes of a text field's value, exclusive. */
  readonly valueBytes: number
  /** Where the form said so before the content: what it is, so that it can be validated as it comes. */
  readonly hint: { readonly purpose: string; readonly filename: string } | undefined
  /** @throws CustodyError */
  addField(name: string, value: string, encoding: string): void
  /** @throws CustodyError */
  addFile(name: string, head: FilePartHead): void
}
