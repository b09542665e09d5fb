import { sendJson } from '../answers/send-json.ts'
import { authorizeProject } from '../auth/authorize.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestContext } from '../request-context.ts'

/** `GET /v1/usage`: what the key's project stores, and what its quota leaves. The same in every dialect. */
export function usage({
  authenticate,
  files,
}: HttpDependencies): (context: RequestContext) => Promise<void> {
  return async (context) => {
    const principal = await authorizeProject(context, authenticate, 'api.files.read')
    const found = await files.usage(principal, context.state.dialect.uploads)
    sendJson(context, 200, {
      object: 'usage',
      bytes: found.bytes,
      files: found.files,
      reserved_bytes: found.reservedBytes,
      quota_bytes: found.quotaBytes,
      by_purpose: found.byPurpose,
    })
  }
}
