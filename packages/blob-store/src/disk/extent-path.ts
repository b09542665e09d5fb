import { join } from 'node:path'
import { CustodyError, quote } from '@custody/domain/errors'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function isExtentId(text: string): boolean {
  return uuid.test(text)
}

/**
 * `<blobs>/<last two hex digits>/<extent id>`. A UUIDv7 begins with the time, so only its tail
 * spreads evenly over the 256 folders.
 *
 * @throws CustodyError `internal_error` if it is no lower-case UUID: nothing else may become a path.
 */
export function extentPath(blobs: string, extentId: string): string {
  if (!isExtentId(extentId)) {
    throw new CustodyError(
      'internal_error',
      `${quote(extentId)} is no extent id; one is a lower-case UUID`,
    )
  }
  return join(blobs, extentId.slice(-2), extentId)
}
