import type { CustodyError } from '@custody/domain'
import { refusalBehind } from '../../client/connection/refusal.ts'

/** An error as a member of a line of JSON: the server's own where it is one, with the status. */
export function errorReport(error: CustodyError): object {
  const refusal = refusalBehind(error)
  return {
    message: error.message,
    code: error.code,
    param: error.param,
    ...refusal?.error,
    ...(refusal && { status: refusal.status }),
  }
}
