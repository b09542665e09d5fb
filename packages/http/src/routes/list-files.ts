import { sendJson } from '../answers/send-json.ts'
import { authorizeProject } from '../auth/authorize.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestContext } from '../request-context.ts'

/** `GET /v1/files` */
export function listFiles(
  dependencies: HttpDependencies,
): (context: RequestContext) => Promise<void> {
  return async (context) => {
    const principal = await authorizeProject(
      context,
      dependencies.authenticate,
      'api.files.read',
    )
    const { dialect } = context.state
    const query = dialect.parseList(new URLSearchParams(context.querystring))
    const page = await dependencies.files.list(principal, query)
    sendJson(context, 200, dialect.presentList(page))
  }
}
