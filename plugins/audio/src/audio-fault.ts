import type { IssueCode } from './issue-codes.ts'

/** Ends the look at a file: it is refused for this reason. */
export class AudioFault extends Error {
  override readonly name = 'AudioFault'
  readonly code: IssueCode

  constructor(code: IssueCode, message: string) {
    super(message)
    this.code = code
  }
}

export function damaged(container: string, what: string): AudioFault {
  return new AudioFault('invalid_audio', `The ${container} is damaged: ${what}.`)
}
