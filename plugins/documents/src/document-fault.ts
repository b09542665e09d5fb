import type { IssueCode } from './issue-codes.ts'

/** Ends the inspection of a file: it is refused for this reason. */
export class DocumentFault extends Error {
  override readonly name = 'DocumentFault'
  readonly code: IssueCode

  constructor(code: IssueCode, message: string) {
    super(message)
    this.code = code
  }
}
