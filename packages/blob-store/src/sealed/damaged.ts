import { CustodyError } from '@custody/domain/errors'

/** @param how What is wrong, as the end of a sentence: `segment 3 is not authentic`. */
export function damaged(how: string, cause?: unknown): CustodyError {
  return new CustodyError(
    'content_damaged',
    `Stored content is damaged: ${how}`,
    cause === undefined ? {} : { cause },
  )
}
