import { CustodyError } from '@custody/domain/errors'

/** @param how What is wrong, as the end of a sentence: `segment 3 is not authentic`. */
export function damaged(how: string, cause?: unknown): CustodyError {
  return new CustodyError(
    'content_damaged',
    `Stored content is damaged: ${how}`,
    cause === undefined ? {} : { cause },
  )
}

/** The same of one segment of a sealed stream, whose number (from 0) is `extra.segment`. */
export function segmentDamaged(
  segment: number,
  how: string,
  cause?: unknown,
): CustodyError {
  return new CustodyError(
    'content_damaged',
    `Stored content is damaged: segment ${segment} ${how}`,
    { extra: { segment }, ...(cause !== undefined && { cause }) },
  )
}
