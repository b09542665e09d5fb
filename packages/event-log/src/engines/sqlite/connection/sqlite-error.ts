import { CustodyError } from '@custody/domain/errors'

/** Primary result codes: https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5
const SQLITE_FULL = 13

/** SQLite's primary result code of an error, from either driver; undefined for other errors. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  const extended =
    'errcode' in error ? error.errcode : 'errno' in error ? error.errno : undefined
  return typeof extended === 'number' && extended > 0 ? extended & 0xff : undefined
}

/** What a failed write is to the one who asked for it; undefined: a defect of ours. */
export function toRefusal(error: unknown): CustodyError | undefined {
  if (error instanceof CustodyError) return error
  switch (sqliteCode(error)) {
    case SQLITE_FULL:
      return new CustodyError(
        'insufficient_storage',
        'The disk is full; nothing was stored.',
      )
    case SQLITE_BUSY:
      return new CustodyError(
        'overloaded',
        'The database is locked by another process.',
        {
          headers: { 'retry-after': '1' },
        },
      )
    default:
      return undefined
  }
}
