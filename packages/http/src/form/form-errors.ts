import { CustodyError } from '@custody/domain/errors'

const MiB = 2 ** 20

/** `seen`: how many bytes the file has, such as `300` or, where the rest is not read any more, `at least 300`. */
export function fileTooLarge(maxBytes: number, seen: string): CustodyError {
  const size = maxBytes % MiB === 0 ? `${maxBytes / MiB} MiB` : `${maxBytes} bytes`
  return new CustodyError(
    'file_too_large',
    `The file is too large: at most ${size} are allowed, and this one has ${seen} bytes.`,
    { param: 'file' },
  )
}

export function fieldTooLarge(): CustodyError {
  return new CustodyError('form_too_large', 'The value of a form field is too long.')
}

export function overheadTooLarge(): CustodyError {
  return new CustodyError('form_too_large', 'The form is too large apart from its file.')
}

export function malformedForm(why: string): CustodyError {
  return new CustodyError(
    'invalid_multipart',
    `The body is not a well-formed multipart form: ${why}.`,
  )
}

export function requestTooSlow(reason: string): CustodyError {
  return new CustodyError(
    'request_timeout',
    `The request body came too slowly: ${reason}.`,
  )
}
