import type { FileView } from '@custody/service'
import { parseListQuery } from '../fields/query/list-query.ts'
import { parseOffset } from '../fields/query/offset.ts'
import type { Dialect } from './dialect.ts'
import { openai } from './openai.ts'
import { fileObject } from './shapes/file-object.ts'
import { listObject } from './shapes/list-object.ts'

const GiB = 2 ** 30

const limits = { defaultLimit: 100, maxLimit: 1_000 }

/** The UUID as it is. */
const presentId = (id: string) => id
const presentFile = (file: FileView) => fileObject(file, presentId)

/**
 * Platform: plain UUIDs, any purpose, and lists by `offset` with a `total`. Cursors work as well, because the SDKs
 * page by them.
 */
export const platform: Dialect = {
  ...openai,
  name: 'platform',
  uploads: {
    dialect: 'platform',
    maxFileBytes: openai.uploads.maxFileBytes,
    maxPartsFileBytes: 8 * GiB,
    purposes: {},
    openOutputPurposes: [],
    anyPurpose: { maxLength: 64 },
  },
  ...limits,
  parseList: (query) => ({
    offset: parseOffset(query),
    ...parseListQuery(query, limits),
    wantsTotal: true,
  }),
  presentId,
  presentPrefixedId: (_prefix, id) => id,
  presentFile,
  presentUpload: presentFile,
  presentList: (page) => ({ ...listObject(page, presentFile), total: page.total }),
  presentDeleted: (id) => ({ id, object: 'file', deleted: true }),
}
