import { atPosition } from '../../answers/at-position.ts'
import { sendJson } from '../../answers/send-json.ts'
import { authorizeProject, requireScope } from '../../auth/authorize.ts'
import { abortWhenGone } from '../../connections/abort-when-gone.ts'
import { parseAsOf } from '../../fields/query/as-of.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext } from '../../request-context.ts'

/** `GET /v1/files`, also as they were (`as_of`) */
export function listFiles({
  authenticate,
  files,
  history,
}: HttpDependencies): (context: RequestContext) => Promise<void> {
  return async (context) => {
    const principal = await authorizeProject(context, authenticate, 'api.files.read')
    const { dialect } = context.state
    const parameters = new URLSearchParams(context.querystring)
    const query = dialect.parseList(parameters)
    const asOf = parseAsOf(parameters)
    if (asOf === undefined || history === undefined) {
      sendJson(context, 200, dialect.presentList(await files.list(principal, query)))
      return
    }
    // It shows what was deleted since
    requireScope(principal, 'api.audit.read')
    const signal = abortWhenGone(context.res)
    const page = await history.files(principal, query, { asOf, signal })
    const list = { ...dialect.presentList(page), as_of: page.position }
    sendJson(context, 200, list, atPosition(page.position))
  }
}
