import { CustodyError } from '@custody/domain/errors'
import type { Dialect } from '../../dialects/dialect.ts'

/** A plain UUID of what the path holds. @throws CustodyError `file_not_found`, like for any file that is not there */
export function fileIdOf(dialect: Dialect, asSent: string, param = 'id'): string {
  const id = dialect.parseId(asSent)
  if (id !== undefined) return id
  throw new CustodyError(
    'file_not_found',
    `No such File object: ${asSent.slice(0, 64)}`,
    { param },
  )
}
