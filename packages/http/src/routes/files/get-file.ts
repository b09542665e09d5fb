import { atPosition } from '../../answers/at-position.ts'
import { sendJson } from '../../answers/send-json.ts'
import { authorizeProject, requireScope } from '../../auth/authorize.ts'
import { parseAsOf } from '../../fields/query/as-of.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext } from '../../request-context.ts'
import { fileIdOf } from './file-id-of.ts'

/** `GET /v1/files/{file_id}`, also as it was (`as_of`) */
export function getFile({
  authenticate,
  files,
  history,
  access,
}: HttpDependencies): (context: RequestContext, idAsSent: string) => Promise<void> {
  return async (context, idAsSent) => {
    const principal = await authorizeProject(context, authenticate, 'api.files.read')
    const { dialect, requestId } = context.state
    const id = fileIdOf(dialect, idAsSent)
    const { querystring } = context
    const asOf =
      querystring === '' ? undefined : parseAsOf(new URLSearchParams(querystring))
    if (asOf === undefined || history === undefined) {
      const file = await files.get(principal, id, idAsSent)
      if (access?.all) access.note(principal, { file: id, what: 'metadata', requestId })
      sendJson(context, 200, dialect.presentFile(file))
      return
    }
    // It shows what was deleted since
    requireScope(principal, 'api.audit.read')
    const file = await history.file(principal, id, { asOf, idAsSent })
    if (access?.all) access.note(principal, { file: id, what: 'metadata', requestId })
    sendJson(context, 200, dialect.presentFile(file), atPosition(file.position))
  }
}
