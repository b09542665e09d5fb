import { parsePrefixedId, uploadNotFound } from '@custody/domain'
import type { UploadId, Uploads } from '@custody/service'
import type Router from '@koa/router'
import { acceptBody } from '../answers/accept-body.ts'
import { sendJson } from '../answers/send-json.ts'
import { authorizeProject } from '../auth/authorize.ts'
import { jsonBody } from '../body/json-body.ts'
import { abortWhenGone } from '../connections/abort-when-gone.ts'
import { countBodyBytes } from '../connections/body-bytes.ts'
import { declaredLength } from '../connections/declared-length.ts'
import type { TransferWatch } from '../connections/transfer-watch.ts'
import type { HttpDependencies } from '../http-dependencies.ts'
import type { RequestContext, RequestState } from '../request-context.ts'
import { readPartForm } from './part-form.ts'
import { parseCancellation, parseCompletion, parseNewUpload } from './upload-bodies.ts'
import { partObject, uploadObject, uploadWithParts } from './upload-shapes.ts'

/** Routes under `/v1/uploads`. The same in every dialect, but for ids, errors, limits and the File object. */
export function addUploadRoutes(
  router: Router<RequestState>,
  { authenticate, collectYoung }: Pick<HttpDependencies, 'authenticate' | 'collectYoung'>,
  uploads: Uploads,
  watch: TransferWatch,
): void {
  const path = '/v1/uploads/:upload'
  const onBytes = countBodyBytes(() => collectYoung?.())
  const writer = (context: RequestContext) =>
    authorizeProject(context, authenticate, 'api.files.write')

  router.post('/v1/uploads', async (context) => {
    const principal = await writer(context)
    const counted = uploads.countUpload(principal)
    if (counted) context.state.rate = await counted
    const { dialect, requestId } = context.state
    const asked = parseNewUpload(await jsonBody(context, watch), dialect)
    const policy = dialect.uploads
    const made = await uploads.create(principal, { ...asked, policy, requestId })
    sendJson(context, 200, uploadObject(made, dialect))
  })

  router.post(`${path}/parts`, async (context) => {
    const principal = await writer(context)
    const { dialect, requestId } = context.state
    const policy = dialect.uploads
    const signal = abortWhenGone(context.res)
    const declaredBytes = declaredLength(context.req)
    const asked = { policy, declaredBytes, requestId, signal }
    const id = uploadIdOf(context.params.upload)
    const session = await uploads.beginPart(principal, { ...id, ...asked })
    try {
      const content = await readPartForm(context.req, {
        session,
        watch,
        onBytes,
        onAccepted: () => acceptBody(context),
      })
      sendJson(context, 200, partObject(await session.add(content), dialect))
    } finally {
      await session.close()
    }
  })

  router.post(`${path}/complete`, async (context) => {
    const principal = await writer(context)
    const { dialect, requestId } = context.state
    const id = uploadIdOf(context.params.upload)
    const asked = parseCompletion(await jsonBody(context, watch))
    const signal = abortWhenGone(context.res)
    const policy = dialect.uploads
    const done = await uploads.complete(principal, {
      ...id,
      ...asked,
      policy,
      requestId,
      signal,
    })
    sendJson(context, 200, uploadObject(done, dialect))
  })

  router.post(`${path}/cancel`, async (context) => {
    const principal = await writer(context)
    const { dialect, requestId } = context.state
    const id = uploadIdOf(context.params.upload)
    parseCancellation(await jsonBody(context, watch), '')
    const ended = await uploads.cancel(principal, { ...id, requestId })
    sendJson(context, 200, uploadObject(ended, dialect))
  })

  router.get(path, async (context) => {
    const principal = await authorizeProject(context, authenticate, 'api.files.read')
    const { upload, parts } = await uploads.get(
      principal,
      uploadIdOf(context.params.upload),
    )
    sendJson(context, 200, uploadWithParts(upload, parts, context.state.dialect))
  })
}

/** @throws CustodyError `upload_not_found`, like for any upload that is not there */
function uploadIdOf(asSent = ''): UploadId {
  const idAsSent = asSent.slice(0, 64)
  const id = parsePrefixedId('upload_', asSent)
  if (id === undefined) throw uploadNotFound(idAsSent)
  return { id, idAsSent }
}
