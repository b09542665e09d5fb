import { DocumentFault } from './document-fault.ts'
import { quote } from './quote.ts'

/** The content is not what the extension promises; `what` says what it is. */
export function contentMismatch(extension: string, what: string): DocumentFault {
  return new DocumentFault(
    'unsupported_media_type',
    `Unsupported file type: the name ends in ${quote(extension)}, but the content is ${what}.`,
  )
}
