import { type CustodyError, type ErrorKey, errorTable } from '@custody/domain/errors'
import type { Dialect } from '../dialect.ts'

/** What a provider says otherwise than the error table. */
export type ErrorDifferences = {
  /** Status of an error. */
  readonly statuses?: Partial<Readonly<Record<ErrorKey, number>>>
  /** `type` of an error by the status of its answer, else by the table's type. */
  readonly types?: Readonly<Record<string, string>>
}

/** Refusals in the envelope of OpenAI: `{error: {message, type, param, code}}`. */
export function errorObject({
  statuses = {},
  types = {},
}: ErrorDifferences = {}): Pick<Dialect, 'statusOf' | 'presentError'> {
  const statusOf = (key: ErrorKey): number => statuses[key] ?? errorTable[key].status
  return {
    statusOf,
    presentError: (error: CustodyError) => ({
      error: {
        message: error.message,
        type: types[statusOf(error.key)] ?? types[error.row.type] ?? error.row.type,
        param: error.param,
        code: error.code,
        ...error.extra,
      },
    }),
  }
}
