import { parsePrefixedId } from '@custody/domain'
import { CustodyError, quote } from '@custody/domain/errors'
import type { Completion, NewUpload } from '@custody/service'
import {
  anyText,
  integer,
  object,
  optional,
  type Reader,
  text,
} from '../body/body-shape.ts'
import type { Dialect, FormField } from '../dialects/dialect.ts'
import { wrongJsonType } from '../fields/values/wrong-type.ts'
import { fileName } from '../form/file-name.ts'
import { unknownParameter } from '../form/form-collector.ts'

const declaration = object({
  bytes: integer(0, Number.MAX_SAFE_INTEGER),
  filename: anyText(4_096),
  mime_type: text(256),
  purpose: text(256),
})

const declared: ReadonlySet<string> = new Set([
  'bytes',
  'filename',
  'mime_type',
  'purpose',
])

/**
 * What `POST /v1/uploads` asks. Beside the four members that are required, those that a form of the dialect may have
 * as fields, but for a digest: `expires_after`, `metadata` and the dialect's own.
 *
 * @throws CustodyError
 */
export function parseNewUpload(
  body: unknown,
  dialect: Dialect,
): Omit<NewUpload, 'policy' | 'requestId'> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw wrongJsonType('body', 'an object', body)
  }
  const required: Record<string, unknown> = {}
  const fields: FormField[] = []
  for (const [name, value] of Object.entries(body)) {
    if (declared.has(name)) required[name] = value
    else if (name === 'sha256' || !dialect.takesField(name)) throw unknownParameter(name)
    // SDKs send null for what the caller left out
    else if (value !== null) fields.push({ name, value: asField(value) })
  }
  const { bytes, filename, mime_type, purpose } = declaration(required, '')
  const { sha256: _none, ...said } = dialect.parseUpload([
    { name: 'purpose', value: purpose },
    ...fields,
  ])
  return {
    ...said,
    bytes,
    filename: fileName(filename, 'filename'),
    declaredType: mime_type,
  }
}

/** As a form would have it: what is no text is the text of its JSON. */
function asField(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const partIds: Reader<string[]> = (value, param) => {
  if (!Array.isArray(value)) throw wrongJsonType(param, 'an array', value)
  return value.map((id) => {
    if (typeof id !== 'string') throw wrongJsonType(param, 'an array of strings', id)
    return id
  })
}

const md5: Reader<string> = (value, param) => {
  if (typeof value !== 'string') throw wrongJsonType(param, 'a string', value)
  if (/^[0-9a-f]{32}$/i.test(value)) return value.toLowerCase()
  if (/^[0-9a-z+/]{22}==$/i.test(value)) {
    return Buffer.from(value, 'base64').toString('hex')
  }
  throw new CustodyError(
    'invalid_value',
    `Invalid '${param}': expected 32 hex digits, or 16 bytes in base64, but got ${quote(value)} instead.`,
    { param },
  )
}

const completion = object({ part_ids: partIds, md5: optional(md5) })

/** What `POST /v1/uploads/{upload_id}/complete` asks. @throws CustodyError */
export function parseCompletion(
  body: unknown,
): Pick<Completion, 'parts' | 'partsAsSent' | 'md5'> {
  const { part_ids: partsAsSent, md5: digest } = completion(body, '')
  return {
    partsAsSent,
    parts: partsAsSent.map((id) => parsePrefixedId('part_', id)),
    ...(digest !== undefined && { md5: digest }),
  }
}

/** Nothing, or an object without members. @throws CustodyError `unknown_parameter`, `invalid_type` */
export const parseCancellation = object({})
