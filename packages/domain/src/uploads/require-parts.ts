import { CustodyError, quote } from '../errors/index.ts'
import type { Upload, UploadPart } from './upload-state.ts'

const param = 'part_ids'

/**
 * The parts that a completion names, in its order.
 *
 * What it finds stays true: a pending upload loses no part.
 *
 * @param parts All parts of the upload.
 * @param named What was named: an id, or undefined where it cannot be one.
 * @param asSent The same as it was sent, for the refusal.
 * @throws CustodyError `invalid_part_ids` where one is not the upload's, comes twice, or all together have not the
 * bytes that were declared
 */
export function requireParts(
  upload: Pick<Upload, 'bytes'>,
  parts: readonly UploadPart[],
  named: readonly (string | undefined)[],
  asSent: readonly string[],
): UploadPart[] {
  const left = new Map(parts.map((part) => [part.id, part]))
  const known = new Set(left.keys())
  let bytes = 0
  const found = named.map((id, index) => {
    const part = id === undefined ? undefined : left.get(id)
    if (id === undefined || !part) {
      const isRepeated = id !== undefined && known.has(id)
      throw new CustodyError(
        'invalid_part_ids',
        isRepeated
          ? `Invalid '${param}': ${quote(asSent[index])} comes twice.`
          : `Invalid '${param}': ${quote(asSent[index])} is no part of this upload.`,
        { param },
      )
    }
    left.delete(id)
    bytes += part.bytes
    return part
  })
  if (bytes !== upload.bytes) {
    throw new CustodyError(
      'invalid_part_ids',
      `Invalid '${param}': the parts have ${bytes} bytes in all, and the upload was created for ${upload.bytes}.`,
      { param },
    )
  }
  return found
}
