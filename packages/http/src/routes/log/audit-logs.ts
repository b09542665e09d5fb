import type { AuditLog } from '@custody/service'
import type Router from '@koa/router'
import { sendJson } from '../../answers/send-json.ts'
import { authorizeAdmin } from '../../auth/authorize.ts'
import { abortWhenGone } from '../../connections/abort-when-gone.ts'
import { auditObject } from '../../events/audit-object.ts'
import { parseAuditQuery } from '../../fields/query/audit-query.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestState } from '../../request-context.ts'

/** `GET /v1/organization/audit_logs`, so that `openai.admin.organization.auditLogs.list()` of the SDK works. */
export function addAuditLogRoute(
  router: Router<RequestState>,
  { authenticate }: Pick<HttpDependencies, 'authenticate'>,
  auditLog: AuditLog,
): void {
  router.get('/v1/organization/audit_logs', async (context) => {
    await authorizeAdmin(context, authenticate)
    const query = parseAuditQuery(new URLSearchParams(context.querystring))
    const signal = abortWhenGone(context.res)
    const { entries, hasMore } = query
      ? await auditLog.list(query, { signal })
      : { entries: [], hasMore: false }
    const data = entries.map(auditObject)
    sendJson(context, 200, {
      object: 'list',
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: hasMore,
    })
  })
}
