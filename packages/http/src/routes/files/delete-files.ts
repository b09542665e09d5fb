import { sendJson } from '../../answers/send-json.ts'
import { authorizeProject } from '../../auth/authorize.ts'
import { abortWhenGone } from '../../connections/abort-when-gone.ts'
import { parseDeletionQuery } from '../../fields/query/deletion-query.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext } from '../../request-context.ts'

/** `DELETE /v1/files`: clears up by purpose and age. */
export function deleteFiles({
  authenticate,
  files,
}: HttpDependencies): (context: RequestContext) => Promise<void> {
  return async (context) => {
    const principal = await authorizeProject(context, authenticate, 'api.files.write')
    const { dialect, requestId } = context.state
    const query = parseDeletionQuery(new URLSearchParams(context.querystring))
    const signal = abortWhenGone(context.res)
    const { dryRun, matched, deleted, held, ids, hasMore } = await files.deleteMany(
      principal,
      query,
      { requestId, signal },
    )
    sendJson(context, 200, {
      object: 'file.bulk_deletion',
      dry_run: dryRun,
      matched,
      deleted,
      held,
      ids: ids.map(dialect.presentId),
      has_more: hasMore,
    })
  }
}
