import { sendJson } from '../answers/send-json.ts'
import { authorizeProject } from '../auth/authorize.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestContext } from '../request-context.ts'
import { fileIdOf } from './file-id-of.ts'

/** `GET /v1/files/{file_id}` */
export function getFile(
  dependencies: HttpDependencies,
): (context: RequestContext, idAsSent: string) => Promise<void> {
  return async (context, idAsSent) => {
    const principal = await authorizeProject(
      context,
      dependencies.authenticate,
      'api.files.read',
    )
    const { dialect } = context.state
    const file = await dependencies.files.get(
      principal,
      fileIdOf(dialect, idAsSent),
      idAsSent,
    )
    sendJson(context, 200, dialect.presentFile(file))
  }
}
