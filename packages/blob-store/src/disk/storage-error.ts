import { CustodyError } from '@custody/domain/errors'

const outOfSpace = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const outOfDescriptors = new Set(['EMFILE', 'ENFILE'])

/**
 * A fault of the file system as a `CustodyError`: `insufficient_storage`, `overloaded` or `internal_error`. The paths are
 * in its cause only. Any other error is returned as it is.
 *
 * @param what What could not be done, as the beginning of a sentence: `The upload could not be stored`.
 */
export function storageError(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) {
    return error
  }
  const code = String(error.code)
  if (outOfSpace.has(code)) {
    return new CustodyError('insufficient_storage', `${what}: the disk is full`, {
      cause: error,
    })
  }
  if (outOfDescriptors.has(code)) {
    return new CustodyError('overloaded', `${what}: too many files are open`, {
      cause: error,
      headers: { 'retry-after': '1' },
    })
  }
  return new CustodyError('internal_error', `${what} (${code})`, { cause: error })
}
