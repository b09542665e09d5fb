import { parseListQuery } from '../fields/query/list-query.ts'
import type { Dialect } from './dialect.ts'
import { openai } from './openai.ts'
import { errorObject } from './shapes/error-object.ts'

const MiB = 2 ** 20

const limits = { defaultLimit: 20, maxLimit: 100 }

/** Melious: small list pages, one size limit for all files, and 400 for what is over it. */
export const melious: Dialect = {
  ...openai,
  name: 'melious',
  uploads: {
    dialect: 'melious',
    maxFileBytes: 105 * MiB,
    purposes: {},
    openOutputPurposes: [],
  },
  ...limits,
  parseList: (query) => parseListQuery(query, limits),
  ...errorObject({
    statuses: { file_too_large: 400 },
    types: { 401: 'authentication_error' },
  }),
}
