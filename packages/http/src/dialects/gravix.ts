import { parseUploadFields } from '../fields/upload/upload-fields.ts'
import type { Dialect } from './dialect.ts'
import { openai } from './openai.ts'
import { errorObject } from './shapes/error-object.ts'
import { listObject } from './shapes/list-object.ts'

const MiB = 2 ** 20

/** No bound of the provider's: so that the end still falls into a year of four digits (RFC 3339). */
const maxSeconds = 250_000_000_000

const presentFile: Dialect['presentFile'] = (file) => {
  const shown = openai.presentFile(file)
  return { ...shown, file_id: shown.id, file_name: file.filename, size_bytes: file.bytes }
}

/**
 * Gravix Layer: other names for id, name and size, which stand beside OpenAI's, because SDKs page and poll by
 * `id` and `status`; a list of file types; an expiry of any length; four error types.
 */
export const gravix: Dialect = {
  ...openai,
  name: 'gravix',
  uploads: {
    dialect: 'gravix',
    maxFileBytes: 200 * MiB,
    purposes: {},
    openOutputPurposes: ['batch_output'],
    knownExtensions: [
      ...['.pdf', '.txt', '.md', '.docx'],
      ...['.json', '.jsonl', '.csv'],
      ...['.jpg', '.jpeg', '.png', '.webp'],
      ...['.py', '.js', '.ts', '.html', '.css'],
      // The first example of its document uploads a file without any
      '',
    ],
  },
  parseUpload: (fields) => parseUploadFields(fields, { minSeconds: 1, maxSeconds }),
  presentFile,
  presentUpload: (file) => ({ ...presentFile(file), message: 'file uploaded' }),
  presentList: (page) => listObject(page, presentFile),
  presentDeleted: (id) => {
    const shown = openai.presentId(id)
    return { id: shown, object: 'file', deleted: true, file_id: shown }
  },
  ...errorObject({
    // An extension that it does not list is an "invalid file format", which is one of its reasons for 400
    statuses: { unsupported_file_type: 400 },
    types: {
      413: 'file_too_large',
      rate_limit_error: 'rate_limit_exceeded',
      server_error: 'api_error',
    },
  }),
}
