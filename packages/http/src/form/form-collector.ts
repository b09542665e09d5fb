import { CustodyError, quote } from '@custody/domain/errors'
import type { FormField } from '../dialects/dialect.ts'
import { duplicateParameter, missingParameter } from '../fields/single-field.ts'
import { fileName } from './file-name.ts'
import { formLimits } from './form-limits.ts'

/** Head of a file part, as a parser read it. */
export type FilePartHead = {
  readonly filename: string | undefined
  /** Lower-case type without parameters; RFC 7578 §4.4 makes an absent one `text/plain`. */
  readonly type: string
  /** Content-Transfer-Encoding, in lower case. */
  readonly encoding: string
}

export type FormHead = {
  readonly fields: readonly FormField[]
  readonly file: { readonly filename: string; readonly declaredType: string }
}

const fileField = 'file'
const identityEncodings: ReadonlySet<string> = new Set(['', '7bit', '8bit', 'binary'])

/**
 * Takes the parts of a form in the order in which they come, whichever parser reads them, and refuses the first
 * that is wrong.
 */
export class FormCollector {
  readonly #takesField: (field: FormField) => boolean
  readonly #fields: FormField[] = []
  #file: FormHead['file'] | undefined

  /** `takesField` may throw for a value that is known to be wrong already. */
  constructor(takesField: (field: FormField) => boolean) {
    this.#takesField = takesField
  }

  /** @throws CustodyError */
  addField(name: string, value: string, encoding: string): void {
    checkName(name)
    checkEncoding(name, encoding)
    if (this.#fields.length === formLimits.fields) {
      throw new CustodyError(
        'form_too_large',
        `The form has too many fields: at most ${formLimits.fields} are allowed.`,
      )
    }
    if (name === fileField) {
      throw new CustodyError(
        'invalid_type',
        "Invalid type for 'file': expected a file part with a filename, but got a text field instead.",
        { param: fileField },
      )
    }
    const field = { name, value }
    if (!this.#takesField(field)) throw unknownParameter(name)
    this.#fields.push(field)
  }

  /** @throws CustodyError */
  addFile(name: string, head: FilePartHead): void {
    checkName(name)
    checkEncoding(name, head.encoding)
    if (name !== fileField) {
      if (!this.#takesField({ name, value: '' })) throw unknownParameter(name)
      throw new CustodyError(
        'invalid_type',
        `Invalid type for ${quote(name)}: expected a text field, but got a file instead.`,
        { param: name },
      )
    }
    if (this.#file !== undefined) throw duplicateParameter(fileField)
    this.#file = { filename: fileName(head.filename), declaredType: head.type }
  }

  /** The purpose, where its field came already. */
  get purpose(): string | undefined {
    return this.#fields.find(({ name }) => name === 'purpose')?.value
  }

  /** The file's name, where its part began already. */
  get filename(): string | undefined {
    return this.#file?.filename
  }

  /** After the last part. @throws CustodyError `missing_required_parameter` */
  finish(): FormHead {
    if (this.#file === undefined) throw missingParameter(fileField)
    return { fields: this.#fields, file: this.#file }
  }
}

function checkName(name: string): void {
  if (name.length <= formLimits.nameLength) return
  throw new CustodyError(
    'form_too_large',
    `The name ${quote(name)} of a form field is too long: at most ${formLimits.nameLength} characters are allowed, and it has ${name.length}.`,
  )
}

function checkEncoding(name: string, encoding: string): void {
  if (identityEncodings.has(encoding)) return
  throw new CustodyError(
    'unsupported_transfer_encoding',
    `The part ${quote(name)} has Content-Transfer-Encoding ${quote(encoding)}. Send its bytes as they are.`,
    { param: name },
  )
}

function unknownParameter(name: string): CustodyError {
  return new CustodyError('unknown_parameter', `Unknown parameter: ${quote(name)}.`, {
    param: name.slice(0, 64),
  })
}
