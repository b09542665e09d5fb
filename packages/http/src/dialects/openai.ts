import { parseFileId, toFileId } from '@custody/domain'
import { type CustodyError, errorTable } from '@custody/domain/errors'
import type { FileView } from '@custody/service'
import { parseExpiresAfter } from '../fields/expires-after.ts'
import { parseListQuery } from '../fields/list-query.ts'
import { metadataKeyOf, parseMetadata } from '../fields/metadata.ts'
import { parseSha256 } from '../fields/sha256.ts'
import { requiredField, singleField } from '../fields/single-field.ts'
import type { Dialect } from './dialect.ts'

const MiB = 2 ** 20
const day = 86_400

const defaultLimit = 10_000
const maxLimit = 10_000

const fieldNames: ReadonlySet<string> = new Set([
  'purpose',
  'expires_after',
  'expires_after[anchor]',
  'expires_after[seconds]',
  'metadata',
  'sha256',
])

/**
 * OpenAI's Files API: the base of all dialects.
 * @see https://platform.openai.com/docs/api-reference/files
 */
export const openai: Dialect = {
  name: 'openai',
  uploads: {
    dialect: 'openai',
    maxFileBytes: 512 * MiB,
    purposes: { batch: { maxBytes: 200 * MiB, defaultExpirySeconds: 30 * day } },
    openOutputPurposes: [],
  },
  defaultLimit,
  maxLimit,
  parseId: parseFileId,
  takesField: (name) => fieldNames.has(name) || metadataKeyOf(name) !== undefined,
  parseUpload: (fields) => {
    const purpose = requiredField(fields, 'purpose')
    const expiresAfterSeconds = parseExpiresAfter(fields, {
      minSeconds: 3_600,
      maxSeconds: 30 * day,
    })
    const metadata = parseMetadata(fields)
    const sha256 = parseSha256(singleField(fields, 'sha256'))
    return {
      purpose,
      ...(expiresAfterSeconds === undefined ? undefined : { expiresAfterSeconds }),
      ...(metadata === undefined ? undefined : { metadata }),
      ...(sha256 === undefined ? undefined : { sha256 }),
    }
  },
  parseList: (query) => parseListQuery(query, { defaultLimit, maxLimit }, parseFileId),
  presentId: toFileId,
  presentFile,
  presentList: ({ files, hasMore }) => {
    const first = files[0]
    const last = files.at(-1)
    return {
      object: 'list',
      data: files.map(presentFile),
      first_id: first === undefined ? null : toFileId(first.id),
      last_id: last === undefined ? null : toFileId(last.id),
      has_more: hasMore,
    }
  },
  presentDeleted: (id) => ({ id: toFileId(id), object: 'file', deleted: true }),
  presentError: (error: CustodyError) => ({
    error: {
      message: error.message,
      type: error.row.type,
      param: error.param,
      code: error.code,
      ...error.extra,
    },
  }),
  statusOf: (key) => errorTable[key].status,
}

function presentFile(file: FileView): object {
  return {
    id: toFileId(file.id),
    object: 'file',
    bytes: file.bytes,
    created_at: file.createdAt,
    ...(file.expiresAt === null ? undefined : { expires_at: file.expiresAt }),
    filename: file.filename,
    purpose: file.purpose,
    status: file.status,
    status_details: null,
    ...(file.metadata === null ? undefined : { metadata: file.metadata }),
  }
}
