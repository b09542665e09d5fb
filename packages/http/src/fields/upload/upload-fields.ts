import type { FormField, UploadFields } from '../../dialects/dialect.ts'
import { requiredField, singleField } from '../values/single-field.ts'
import { parseExpiresAfter } from './expires-after.ts'
import { metadataKeyOf, parseMetadata } from './metadata.ts'
import { parseSha256 } from './sha256.ts'

const names: ReadonlySet<string> = new Set([
  'purpose',
  'expires_after',
  'expires_after[anchor]',
  'expires_after[seconds]',
  'metadata',
  'sha256',
])

/** Whether every dialect knows the field. */
export function isUploadField(name: string): boolean {
  return names.has(name) || metadataKeyOf(name) !== undefined
}

/**
 * The fields of an upload that every dialect knows. `expiry`: bounds of `expires_after` in seconds, inclusive.
 *
 * @throws CustodyError for a field that is missing, repeated or wrong
 */
export function parseUploadFields(
  fields: readonly FormField[],
  expiry: { readonly minSeconds: number; readonly maxSeconds: number },
): UploadFields {
  const purpose = requiredField(fields, 'purpose')
  const expiresAfterSeconds = parseExpiresAfter(fields, expiry)
  const metadata = parseMetadata(fields)
  const sha256 = parseSha256(singleField(fields, 'sha256'))
  return {
    purpose,
    ...(expiresAfterSeconds === undefined ? undefined : { expiresAfterSeconds }),
    ...(metadata === undefined ? undefined : { metadata }),
    ...(sha256 === undefined ? undefined : { sha256 }),
  }
}
