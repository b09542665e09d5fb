import { CustodyError, quote } from '@custody/domain/errors'
import type { FormField } from '../dialects/dialect.ts'
import { duplicateParameter, missingParameter } from '../fields/values/single-field.ts'
import { fileName } from './file-name.ts'
import { formLimits } from './form-limits.ts'
import type { FilePartHead, FormParts } from './form-parts.ts'

export type FormHead = {
  readonly fields: readonly FormField[]
  readonly file: { readonly filename: string; readonly declaredType: string }
}

const fileField = 'file'
const identityEncodings: ReadonlySet<string> = new Set(['', '7bit', '8bit', 'binary'])

/** Takes the parts of the form of an upload. */
export class FormCollector implements FormParts {
  readonly contentField = fileField
  readonly valueBytes = formLimits.valueBytes
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

  get hint(): FormParts['hint'] {
    const purpose = this.#fields.find(({ name }) => name === 'purpose')?.value
    const filename = this.#file?.filename
    return purpose === undefined || filename === undefined
      ? undefined
      : { purpose, filename }
  }

  /** After the last part. @throws CustodyError `missing_required_parameter` */
  finish(): FormHead {
    if (this.#file === undefined) throw missingParameter(fileField)
    return { fields: this.#fields, file: this.#file }
  }
}

/** @throws CustodyError `form_too_large` */
export function checkName(name: string): void {
  if (name.length <= formLimits.nameLength) return
  throw new CustodyError(
    'form_too_large',
    `The name ${quote(name)} of a form field is too long: at most ${formLimits.nameLength} characters are allowed, and it has ${name.length}.`,
  )
}

/** @throws CustodyError `unsupported_transfer_encoding` */
export function checkEncoding(name: string, encoding: string): void {
  if (identityEncodings.has(encoding)) return
  throw new CustodyError(
    'unsupported_transfer_encoding',
    `The part ${quote(name)} has Content-Transfer-Encoding ${quote(encoding)}. Send its bytes as they are.`,
    { param: name },
  )
}

export function unknownParameter(name: string): CustodyError {
  return new CustodyError('unknown_parameter', `Unknown parameter: ${quote(name)}.`, {
    param: name.slice(0, 64),
  })
}
