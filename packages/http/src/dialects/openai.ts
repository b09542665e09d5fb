import { parseFileId, prefixedId, toFileId } from '@custody/domain'
import type { FileView } from '@custody/service'
import { parseListQuery } from '../fields/query/list-query.ts'
import { isUploadField, parseUploadFields } from '../fields/upload/upload-fields.ts'
import type { Dialect } from './dialect.ts'
import { errorObject } from './shapes/error-object.ts'
import { fileObject } from './shapes/file-object.ts'
import { listObject } from './shapes/list-object.ts'

const MiB = 2 ** 20
const day = 86_400

const limits = { defaultLimit: 10_000, maxLimit: 10_000 }
const presentFile = (file: FileView) => fileObject(file, toFileId)

/**
 * OpenAI's Files API: the base of all dialects.
 * @see https://platform.openai.com/docs/api-reference/files
 */
export const openai: Dialect = {
  name: 'openai',
  uploads: {
    dialect: 'openai',
    maxFileBytes: 512 * MiB,
    maxPartsFileBytes: 8_192 * MiB,
    purposes: { batch: { maxBytes: 200 * MiB, defaultExpirySeconds: 30 * day } },
    openOutputPurposes: [],
  },
  ...limits,
  parseId: parseFileId,
  takesField: isUploadField,
  parseUpload: (fields) =>
    parseUploadFields(fields, { minSeconds: 3_600, maxSeconds: 30 * day }),
  parseList: (query) => parseListQuery(query, limits),
  presentId: toFileId,
  presentPrefixedId: prefixedId,
  presentFile,
  presentUpload: presentFile,
  presentList: (page) => listObject(page, presentFile),
  presentDeleted: (id) => ({ id: toFileId(id), object: 'file', deleted: true }),
  ...errorObject(),
}
