import type { IncomingMessage } from 'node:http'
import { CustodyError } from '@custody/domain/errors'
import type { UploadSession } from '@custody/service'
import { duplicateParameter, missingParameter } from '../fields/values/single-field.ts'
import type { FormContent } from '../form/busboy-form.ts'
import { checkEncoding, checkName, unknownParameter } from '../form/form-collector.ts'
import type { FilePartHead, FormParts } from '../form/form-parts.ts'
import { type ReadFormOptions, readForm } from '../form/read-upload-form.ts'

const dataField = 'data'

/** Bytes of a part that is sent as text, inclusive. */
const maxTextBytes = 2 ** 20

/**
 * Reads the form of a part: one field `data`, a file under any name, or a text.
 *
 * @throws CustodyError
 * @throws ClientGoneError
 */
export async function readPartForm(
  request: IncomingMessage,
  options: ReadFormOptions,
): Promise<FormContent> {
  const collector = new PartCollector()
  const form = await readForm(request, collector, options, (content) => {
    const found = content ?? collector.text
    if (found === undefined) throw missingParameter(dataField)
    return found
  })
  return typeof form === 'string' ? await spoolText(form, options.session) : form
}

async function spoolText(text: string, session: UploadSession): Promise<FormContent> {
  const spool = session.spool()
  await spool.write(Buffer.from(text))
  return await spool.end()
}

class PartCollector implements FormParts {
  readonly contentField = dataField
  readonly valueBytes = maxTextBytes + 1
  readonly hint = undefined
  text: string | undefined
  #hasData = false

  addField(name: string, value: string, encoding: string): void {
    this.#take(name, encoding)
    // What is no UTF-8 was lost when it became text
    if (value.includes('\ufffd')) {
      throw new CustodyError(
        'invalid_value',
        `Invalid '${dataField}': a text field is UTF-8. Send other bytes as a file part, with a filename.`,
        { param: dataField },
      )
    }
    this.text = value
  }

  addFile(name: string, { encoding }: FilePartHead): void {
    this.#take(name, encoding)
  }

  #take(name: string, encoding: string): void {
    checkName(name)
    checkEncoding(name, encoding)
    if (name !== dataField) throw unknownParameter(name)
    if (this.#hasData) throw duplicateParameter(dataField)
    this.#hasData = true
  }
}
