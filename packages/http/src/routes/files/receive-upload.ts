import type { Attempt, Principal, UploadRequest, UploadSession } from '@custody/service'
import { acceptBody } from '../../answers/accept-body.ts'
import { withAttempt } from '../../answers/idempotency-key.ts'
import { authorizeProject } from '../../auth/authorize.ts'
import { abortWhenGone } from '../../connections/abort-when-gone.ts'
import { countBodyBytes } from '../../connections/body-bytes.ts'
import { declaredLength } from '../../connections/declared-length.ts'
import type { TransferWatch } from '../../connections/transfer-watch.ts'
import type { FormField } from '../../dialects/dialect.ts'
import { readUploadForm } from '../../form/read-upload-form.ts'
import type { HttpDependencies } from '../../http-dependencies.ts'
import type { RequestContext } from '../../request-context.ts'

/** Receives an upload, then has it used: stored, or looked at only. What was not stored by then is discarded. */
export type ReceiveUpload = <T>(
  context: RequestContext,
  use: (principal: Principal, request: UploadRequest) => Promise<T>,
  options?: { readonly dryRun: boolean },
) => Promise<T>

/** What all routes have in common that take the form of an upload: key, admission, form, fields. */
export function receiveUpload(
  dependencies: HttpDependencies,
  watch: TransferWatch,
): ReceiveUpload {
  const { files } = dependencies
  const authenticate = dependencies.authenticate.bind(dependencies)
  const onBytes = countBodyBytes(() => dependencies.collectYoung?.())
  async function spoolAndUse<T>(
    context: RequestContext,
    principal: Principal,
    use: (request: UploadRequest) => Promise<T>,
    { dryRun, attempt }: { dryRun: boolean; attempt?: Attempt | undefined },
  ): Promise<T> {
    const { dialect, requestId } = context.state
    const policy = dialect.uploads
    const signal = abortWhenGone(context.res)
    const declaredBytes = declaredLength(context.req)
    const isRepeat = attempt?.isRepeat ?? false
    const options = { policy, declaredBytes, dryRun, isRepeat, signal }
    const session = files.beginUpload(principal, options)
    try {
      const form = await readUploadForm(context.req, {
        session,
        watch,
        onBytes,
        takesField: (field) =>
          dialect.takesField(field.name) && checkEarly(field, session),
        onAccepted: () => acceptBody(context),
      })
      return await use({
        ...dialect.parseUpload(form.fields),
        filename: form.file.filename,
        declaredType: form.file.declaredType,
        content: form.content,
        policy,
        requestId,
        attempt,
        signal,
      })
    } finally {
      await session.close()
    }
  }

  return async (context, use, { dryRun } = { dryRun: false }) => {
    const principal = await authorizeProject(context, authenticate, 'api.files.write')
    const counted = files.countUpload(principal)
    if (counted) context.state.rate = await counted
    const useIt = (request: UploadRequest) => use(principal, request)
    if (dryRun) return await spoolAndUse(context, principal, useIt, { dryRun })
    const who = { project: principal.project.id, key: principal.keyId }
    return await withAttempt(context, dependencies.idempotency, who, (attempt) =>
      spoolAndUse(context, principal, useIt, { dryRun, attempt }),
    )
  }
}

/** Refuses an unknown purpose as soon as it is seen, which in most clients is before the file. */
function checkEarly({ name, value }: FormField, session: UploadSession): true {
  if (name === 'purpose' && value !== '') session.checkPurpose(value)
  return true
}
