import { atPosition } from '../../answers/at-position.ts'
import { sendJson } from '../../answers/send-json.ts'
import { authorizeProject } from '../../auth/authorize.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext } from '../../request-context.ts'
import { fileIdOf } from './file-id-of.ts'

/** `DELETE /v1/files/{file_id}` */
export function deleteFile(
  dependencies: HttpDependencies,
): (context: RequestContext, idAsSent: string) => Promise<void> {
  return async (context, idAsSent) => {
    const principal = await authorizeProject(
      context,
      dependencies.authenticate,
      'api.files.write',
    )
    const { dialect, requestId } = context.state
    const id = fileIdOf(dialect, idAsSent)
    const { position } = await dependencies.files.delete(principal, id, {
      idAsSent,
      requestId,
    })
    sendJson(context, 200, dialect.presentDeleted(id), atPosition(position))
  }
}
