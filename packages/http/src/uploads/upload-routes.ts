import { parsePrefixedId, uploadNotFound } from '@custody/domain'
import type { Attempt, Principal, UploadId, Uploads } from '@custody/service'
import type Router from '@koa/router'
import { acceptBody } from '../answers/accept-body.ts'
import { atPosition } from '../answers/at-position.ts'
import { withAttempt } from '../answers/idempotency-key.ts'
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
  {
    authenticate,
    collectYoung,
    idempotency,
  }: Pick<HttpDependencies, 'authenticate' | 'collectYoung' | 'idempotency'>,
  uploads: Uploads,
  watch: TransferWatch,
): void {
  const path = '/v1/uploads/:upload'
  const onBytes = countBodyBytes(() => collectYoung?.())
  const writer = (context: RequestContext) =>
    authorizeProject(context, authenticate, 'api.files.write')

  /** Answers with what is made, once for each Idempotency-Key. */
  async function answerOnce(
    context: RequestContext,
    { project, keyId }: Principal,
    make: (attempt: Attempt | undefined) => Promise<object>,
  ): Promise<void> {
    const who = { project: project.id, key: keyId }
    sendJson(context, 200, await withAttempt(context, idempotency, who, make))
  }

  router.post('/v1/uploads', async (context) => {
    const principal = await writer(context)
    const counted = uploads.countUpload(principal)
    if (counted) context.state.rate = await counted
    const { dialect, requestId } = context.state
    const policy = dialect.uploads
    await answerOnce(context, principal, async (attempt) => {
      const said = parseNewUpload(await jsonBody(context, watch), dialect)
      const asked = { ...said, policy, requestId, attempt }
      return uploadObject(await uploads.create(principal, asked), dialect)
    })
  })

  router.post(`${path}/parts`, async (context) => {
    const principal = await writer(context)
    const { dialect, requestId } = context.state
    const policy = dialect.uploads
    const signal = abortWhenGone(context.res)
    const declaredBytes = declaredLength(context.req)
    const asked = { policy, declaredBytes, requestId, signal }
    const id = uploadIdOf(context.params.upload)
    await answerOnce(context, principal, async (attempt) => {
      const session = await uploads.beginPart(principal, { ...id, ...asked, attempt })
      try {
        const content = await readPartForm(context.req, {
          session,
          watch,
          onBytes,
          onAccepted: () => acceptBody(context),
        })
        return partObject(await session.add(content), dialect)
      } finally {
        await session.close()
      }
    })
  })

  router.post(`${path}/complete`, async (context) => {
    const principal = await writer(context)
    const { dialect, requestId } = context.state
    const id = uploadIdOf(context.params.upload)
    const policy = dialect.uploads
    await answerOnce(context, principal, async (attempt) => {
      const said = parseCompletion(await jsonBody(context, watch))
      const signal = abortWhenGone(context.res)
      const asked = { ...id, ...said, policy, requestId, attempt, signal }
      const completed = await uploads.complete(principal, asked)
      context.set(atPosition(completed.position))
      return uploadObject(completed, dialect)
    })
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
