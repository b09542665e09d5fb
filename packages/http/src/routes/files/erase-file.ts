import type { Erasures, ErasureView } from '@custody/service'
import type Router from '@koa/router'
import { emptyBody } from '../../admin/admin-bodies.ts'
import { sendJson } from '../../answers/send-json.ts'
import { authorizeProject } from '../../auth/authorize.ts'
import { jsonBody } from '../../body/json-body.ts'
import type { TransferWatch } from '../../connections/transfer-watch.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestState } from '../../request-context.ts'
import { fileIdOf } from './file-id-of.ts'

/** `POST /v1/files/{file_id}/erase`. The same in every dialect, but for ids and errors. */
export function addErasureRoute(
  router: Router<RequestState>,
  { authenticate }: Pick<HttpDependencies, 'authenticate'>,
  erasures: Pick<Erasures, 'eraseFile'>,
  watch: TransferWatch,
): void {
  router.post('/v1/files/:file/erase', async (context) => {
    const { project, actor } = await authorizeProject(
      context,
      authenticate,
      'api.files.erase',
    )
    const { dialect, requestId } = context.state
    const idAsSent = context.params.file ?? ''
    const id = fileIdOf(dialect, idAsSent)
    emptyBody(await jsonBody(context, watch), '')
    const erased = await erasures.eraseFile(project.id, id, {
      actor,
      idAsSent,
      requestId,
    })
    sendJson(context, 200, presentErasure(erased, dialect.presentId(id)))
  })
}

export function presentErasure({ erasedAt }: ErasureView, id: string): object {
  return { id, object: 'file.erasure', erased: true, erased_at: erasedAt }
}
