import type { IssueCode } from './issue-codes.ts'

/** Ends the inspection of an image: the file is refused for this reason. */
export class ImageFault extends Error {
  override readonly name = 'ImageFault'
  readonly code: IssueCode

  constructor(code: IssueCode, message: string) {
    super(message)
    this.code = code
  }
}
