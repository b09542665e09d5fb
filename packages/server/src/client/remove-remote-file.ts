import { CustodyError, quote } from '@custody/domain/errors'
import type { ApiConnection } from './connection/api-connection.ts'
import { refusalBehind } from './connection/refusal.ts'
import { filePath, isObject } from './file-object.ts'

/** Deletes a file. @throws CustodyError where it is not there */
export async function removeRemoteFile(api: ApiConnection, id: string): Promise<void> {
  let attempts = 0
  try {
    const answer = await api.json('DELETE', filePath(id), {
      async recover() {
        attempts += 1
        return undefined
      },
    })
    if (isObject(answer) && answer.deleted === false) {
      throw new CustodyError(
        'request_refused',
        `The server has not deleted ${quote(id)}.`,
      )
    }
  } catch (error) {
    // The answer that was lost was that it is gone
    if (attempts > 0 && refusalBehind(error)?.status === 404) return
    throw error
  }
}
