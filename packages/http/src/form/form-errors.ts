import { CustodyError, quote } from '@custody/domain/errors'
import { formLimits } from './form-limits.ts'

const MiB = 2 ** 20

export function fieldTooLarge(name: string): CustodyError {
  return new CustodyError(
    'form_too_large',
    `The value of ${quote(name)} is too long: less than ${formLimits.valueBytes} bytes are allowed.`,
    { param: name.slice(0, 64) },
  )
}

export function overheadTooLarge(): CustodyError {
  return new CustodyError(
    'form_too_large',
    `The form is too large apart from its file: at most ${formLimits.overheadBytes / MiB} MiB are allowed.`,
  )
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
